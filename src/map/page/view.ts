/** What the page shows: who asks, at which instant, of which area, and which layers are on. */
export interface View {
  /** Bearer key; in this page's memory and nowhere else. */
  key: string | null;
  /** ISO instant; null is now, and stays now. */
  asOf: string | null;
  /** Regions from the outermost down to the one looked at. */
  path: readonly Place[];
  hiddenLayers: ReadonlySet<string>;
}

export interface Place {
  id: string;
  name: string;
  level: string;
}

type Listener = (view: View, before: View) => void;

/** The one place the page's state stands; whoever shows some of it is told when it changes. */
export class ViewState {
  private readonly listeners: Listener[] = [];

  constructor(private current: View) {}

  get view(): View {
    return this.current;
  }

  change(part: Partial<View>): void {
    const before = this.current;
    this.current = { ...before, ...part };
    for (const listener of this.listeners) listener(this.current, before);
  }

  onChange(listener: Listener): void {
    this.listeners.push(listener);
  }
}

/** `/map#key=...` gives the key once; it is then taken out of the address, so that it is neither bookmarked nor passed on. */
export function keyFromAddress(): string | null {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key !== null) history.replaceState(null, "", location.pathname + location.search);
  return key || null;
}
