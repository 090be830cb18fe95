import { actions } from "../platform/actions.js";
import { datum } from "../platform/crs.js";
import { given } from "../platform/entity/input-fields.js";
import { addFormerCode, KEEPERS, setBoundary, updateRegion } from "./region.service.js";
import { Region } from "./region.js";

/** Boundaries and codes of regions. */
actions({
  "region.setBoundary": {
    zh: "设定区划边界;自相交者原样保存、标记,并另存修补副本", en: "set the boundary of a region; one that crosses itself is kept as given, marked, and mended beside", on: Region, by: KEEPERS,
    input: {
      boundary: given.polygon("边界", "boundary", { required: true }),
      datum: given.oneOf(datum, "坐标基准", "datum of the boundary", { required: true }),
      source: given.text("来源", "source", { required: true, max: 500 }),
      confirmed: given.bool("已经核对;缺省为否", "it has been checked; no unless told"),
    },
    work: setBoundary,
  },
  "region.update": {
    zh: "更正区划名称、城乡分类与启用日期(代码与隶属不在原处更改)", en: "correct the name, urban-rural class and first day of a region; its code and place in the tree never change in place", on: Region, by: KEEPERS,
    input: {
      name: given.text("名称", "name", { max: 100 }),
      urbanClass: given.text("城乡分类代码", "urban-rural class", { max: 3 }),
      validFrom: given.date("代码启用日期", "code valid from"),
    },
    work: updateRegion,
  },
  "region.addFormerCode": {
    zh: "登记区划曾用代码", en: "record a former code of a region", on: Region, by: KEEPERS,
    input: {
      code: given.text("曾用代码(12 位)", "former code of 12 digits", { required: true, pattern: /^\d{12}$/ }),
      name: given.text("当时名称", "name then", { required: true, max: 100 }),
      validFrom: given.date("启用日期", "valid from"),
      validTo: given.date("停用日期(不含)", "valid to, exclusive", { required: true }),
      basis: given.text("依据", "on what ground", { max: 500 }),
    },
    work: addFormerCode,
  },
});
