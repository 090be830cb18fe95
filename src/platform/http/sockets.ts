import type { IncomingMessage } from "node:http";

/** Open WebSockets; what is beyond is told to come later. */
export const MOST_SOCKETS = 200;
/** Of these at most so many without a key: the rest is kept for keys. */
const MOST_PUBLIC = 120;
/** Of one address without a key, and of one key. */
const MOST_OF_ONE = 40;

/** The places of WebSockets: by whom they are held, and who may have one more. */
export class SocketPlaces {
  private readonly counts = new Map<string, number>();
  private total = 0;
  private publicTotal = 0;

  /** A place, or nothing. Before its key is known a connection counts as its address'; `known` then moves it. */
  take(household: string): SocketPlace | undefined {
    if (this.total >= MOST_SOCKETS || this.publicTotal >= MOST_PUBLIC || (this.counts.get(household) ?? 0) >= MOST_OF_ONE) return undefined;
    return new SocketPlace(this, household);
  }

  /** A place for somebody whose key is known already. */
  takeKnown(principal: string): SocketPlace | undefined {
    if (this.total >= MOST_SOCKETS || (this.counts.get(principal) ?? 0) >= MOST_OF_ONE) return undefined;
    return new SocketPlace(this, principal, true);
  }

  /** @internal */
  add(who: string, keyed: boolean, by: 1 | -1): void {
    const sum = (this.counts.get(who) ?? 0) + by;
    if (sum === 0) this.counts.delete(who);
    else this.counts.set(who, sum);
    this.total += by;
    if (!keyed) this.publicTotal += by;
  }

  /** @internal */
  of(who: string): number {
    return this.counts.get(who) ?? 0;
  }
}

export class SocketPlace {
  private open = true;

  constructor(
    private readonly places: SocketPlaces,
    private who: string,
    private keyed = false,
  ) {
    places.add(who, keyed, 1);
  }

  /** The key of the connection is known: it counts as its principal's. False where that one has too many. */
  known(principal: string): boolean {
    if (!this.open || this.who === principal) return true;
    if (this.places.of(principal) >= MOST_OF_ONE) return false;
    this.places.add(this.who, this.keyed, -1);
    this.who = principal;
    this.keyed = true;
    this.places.add(this.who, true, 1);
    return true;
  }

  free(): void {
    if (!this.open) return;
    this.open = false;
    this.places.add(this.who, this.keyed, -1);
  }
}

/** Whether the page that opens a connection is one of this service's, or of an origin that is allowed. Clients that are no pages name none. */
export function originAllowed(request: IncomingMessage, allowed: readonly string[] | undefined, publicBaseUrl: string | undefined): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  if (allowed?.includes("*") || allowed?.includes(origin)) return true;
  if (!URL.canParse(origin)) return false;
  return new URL(origin).host === host || (publicBaseUrl !== undefined && new URL(publicBaseUrl).origin === origin);
}
