/** An address is only taken apart against some base; this one is nobody's. */
const BASE = "http://service.invalid";

/**
 * The one parser of addresses, for plain requests and upgrades alike: never throws. Undefined for what is no address of
 * this service: another host's (`//host`, `/\host`), a bare `*`, letters no address has.
 */
export function targetOf(url: string | undefined): URL | undefined {
  if (url === undefined || url.charCodeAt(0) !== 47) return absolute(url);
  const path = pathOf(url);
  // Two slashes name another host, and browsers' rules take a backslash for a slash.
  if (url.startsWith("//") || path.includes("\\") || !PRINTABLE.test(url)) return undefined;
  return URL.canParse(url, BASE) ? new URL(url, BASE) : undefined;
}

const PRINTABLE = /^[^\u0000-\u0020\u007f]*$/;

/** The path of an address as it stands there, undecoded. */
export function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

/** The form proxies use; only its path and what follows are looked at. */
function absolute(url: string | undefined): URL | undefined {
  return url !== undefined && /^https?:\/\/[^/\\]/i.test(url) && !url.includes("\\") && PRINTABLE.test(url) && URL.canParse(url) ? new URL(url) : undefined;
}
