import type { Exchange } from "./server.js";

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

/** The address documents name this service by: the configured one; else what a client on this machine called it; else the socket's own. Never a word of a stranger's. */
export function publicAddress({ request }: Exchange, configured: string | undefined): string {
  if (configured) return configured.replace(/\/+$/, "");
  const { host } = request.headers;
  if (host && LOOPBACK.test(host)) return `http://${host}`;
  const { localAddress = "127.0.0.1", localPort } = request.socket;
  return `http://${localAddress.includes(":") ? `[${localAddress}]` : localAddress}:${localPort}`;
}
