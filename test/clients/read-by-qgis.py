"""What QGIS, without a screen, reads of the service. Asked by JSON on standard input, answers by JSON on standard output.

Asked: {"root", "user", "key", "collections", "pageSize", "box": [west, south, east, north],
"pictures": {name: {"url", "style", "extent": [west, south, east, north in web Mercator], "size", "file"}}}.
"""
import json
import sys

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsAuthMethodConfig,
    QgsCoordinateReferenceSystem,
    QgsDataSourceUri,
    QgsFeatureRequest,
    QgsMapBoxGlStyleConverter,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QEventLoop, QSize, QTimer
from qgis.PyQt.QtGui import QColor

RENDER_MILLISECONDS = 40_000


def sign_in(user, key):
    """A configuration of QGIS' own store of credentials: name and password, as its dialogs make it."""
    manager = QgsApplication.authManager()
    manager.setMasterPassword("no secret: the store is made for this run", True)
    config = QgsAuthMethodConfig("Basic")
    config.setName("service")
    config.setConfig("username", user)
    config.setConfig("password", key)
    if not manager.storeAuthenticationConfig(config):
        raise RuntimeError("QGIS did not keep the credentials")
    return config.id()


def opened(asked, collection, auth, in_view=False):
    uri = QgsDataSourceUri()
    uri.setParam("url", asked["root"])
    uri.setParam("typename", collection)
    uri.setParam("pageSize", str(asked["pageSize"]))
    if in_view:
        uri.setParam("restrictToRequestBBOX", "1")
    if auth:
        uri.setAuthConfigId(auth)
    return QgsVectorLayer(uri.uri(False), collection, "OAPIF")


def read(asked, collection, auth):
    layer = opened(asked, collection, auth)
    if not layer.isValid():
        return {"valid": False, "error": layer.error().summary()}
    features = list(layer.getFeatures())
    # As its dialog puts it, only features overlapping the view: else QGIS reads everything and chooses itself.
    apart = opened(asked, collection, auth, in_view=True)
    inside = [feature["id"] for feature in apart.getFeatures(QgsFeatureRequest().setFilterRect(QgsRectangle(*asked["box"])))]
    return {
        "valid": True,
        "features": {feature["id"]: [feature["code"], feature.geometry().asWkt(7)] for feature in features},
        "read": len(features),
        "inside": inside,
        "count": layer.featureCount(),
        "geometry": QgsWkbTypes.displayString(layer.wkbType()),
        "crs": layer.crs().authid(),
        "fields": {field.name(): field.typeName() for field in layer.fields()},
    }


def draw(picture, auth):
    """How often each colour is in the picture of tiles, drawn by the service's own style."""
    uri = QgsDataSourceUri()
    uri.setParam("type", "xyz")
    uri.setParam("url", picture["url"])
    uri.setParam("zmin", "0")
    uri.setParam("zmax", "22")
    if auth:
        uri.setAuthConfigId(auth)
    layer = QgsVectorTileLayer(bytes(uri.encodedUri()).decode(), "tiles")
    converter = QgsMapBoxGlStyleConverter()
    converted = converter.convert(picture["style"])
    if converted == QgsMapBoxGlStyleConverter.Success:
        layer.setRenderer(converter.renderer())
        layer.setLabeling(converter.labeling())
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    settings.setExtent(QgsRectangle(*picture["extent"]))
    settings.setOutputSize(QSize(*picture["size"]))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    loop = QEventLoop()
    job.finished.connect(loop.quit)
    QTimer.singleShot(RENDER_MILLISECONDS, loop.quit)
    job.start()
    loop.exec_()
    if job.isActive():
        job.cancelWithoutBlocking()
        return {"valid": layer.isValid(), "late": True}
    image = job.renderedImage()
    image.save(picture["file"])
    counts = {}
    for y in range(image.height()):
        for x in range(image.width()):
            colour = image.pixelColor(x, y).name()
            counts[colour] = counts.get(colour, 0) + 1
    return {"valid": layer.isValid(), "styled": converted == QgsMapBoxGlStyleConverter.Success, "errors": [error.message for error in job.errors()], "colours": counts}


def main():
    asked = json.load(sys.stdin)
    application = QgsApplication([], False)
    application.initQgis()
    auth = sign_in(asked["user"], asked["key"]) if asked.get("key") else None
    answer = {
        "version": Qgis.QGIS_VERSION,
        "layers": {collection: read(asked, collection, auth) for collection in asked["collections"]},
        "pictures": {name: draw(picture, auth) for name, picture in asked["pictures"].items()},
    }
    print(json.dumps(answer), flush=True)
    application.exitQgis()


main()
