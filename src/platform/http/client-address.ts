import type { IncomingMessage } from "node:http";
import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";
import type { Socket } from "node:net";

const plain = (address: string) => (address.startsWith("::ffff:") && isIPv4(address.slice(7)) ? address.slice(7) : address);
const familyOf = (address: string) => (isIPv6(address) ? "ipv6" : "ipv4");

/** Who asks, by address: the connection's own, or what trusted proxies say of it. */
export class ClientAddresses {
  private readonly proxies: BlockList | undefined;
  /** Asked for every request, and the same as long as the connection. */
  private readonly known = new WeakMap<Socket, string>();

  /** @param trusted Addresses and networks of proxies; none: X-Forwarded-For is never looked at. */
  constructor(trusted: readonly string[] = []) {
    if (trusted.length === 0) return;
    this.proxies = new BlockList();
    for (const proxy of trusted) {
      const [address = "", bits] = proxy.split("/");
      if (bits === undefined) this.proxies.addAddress(address, familyOf(address));
      else this.proxies.addSubnet(address, Number(bits), familyOf(address));
    }
  }

  of(request: IncomingMessage): string {
    const { socket } = request;
    let own = this.known.get(socket);
    if (own === undefined) this.known.set(socket, (own = plain(socket.remoteAddress ?? "0.0.0.0")));
    return this.proxies && this.trusts(own) ? this.told(request.headers["x-forwarded-for"], own) : own;
  }

  private trusts(address: string): boolean {
    return this.proxies!.check(address, familyOf(address));
  }

  /** Each proxy appends whom it heard: from the end, the first that is no proxy of ours. */
  private told(forwarded: string | string[] | undefined, own: string): string {
    const hops = String(forwarded ?? "").split(",").map((hop) => plain(hop.trim())).reverse();
    let last = own;
    for (const hop of hops) {
      if (isIP(hop) === 0) return last;
      last = hop;
      if (!this.trusts(hop)) return hop;
    }
    return last;
  }
}

/** Whom an address stands for: one household or office has a whole /64 of IPv6. */
export function householdOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = (address.split("%")[0] ?? "").split("::");
  const left = head ? head.split(":") : [];
  const right = tail ? tail.split(":") : [];
  const groups = tail === undefined ? left : [...left, ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0"), ...right];
  return `${groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":")}::/64`;
}
