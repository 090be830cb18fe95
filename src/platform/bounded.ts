/**
 * Remembers what was used lately, within so much weight: bytes, or letters. Counted by number a few giants would fill the
 * memory; weighed, they only push each other out. What alone is heavier than a quarter of all is not kept.
 */
export class Bounded<K, V> {
  private readonly kept = new Map<K, { value: V; weight: number }>();
  private total = 0;

  constructor(
    private readonly most: number,
    private readonly weigh: (value: V, key: K) => number,
  ) {}

  /** What all that is kept weighs. */
  get weight(): number {
    return this.total;
  }

  get size(): number {
    return this.kept.size;
  }

  get(key: K): V | undefined {
    const found = this.kept.get(key);
    if (!found) return undefined;
    // The youngest stands last; the first is let go of first.
    this.kept.delete(key);
    this.kept.set(key, found);
    return found.value;
  }

  set(key: K, value: V): V {
    this.delete(key);
    const weight = this.weigh(value, key);
    if (weight * 4 > this.most) return value;
    this.kept.set(key, { value, weight });
    this.total += weight;
    for (const oldest of this.kept.keys()) {
      if (this.total <= this.most) break;
      this.delete(oldest);
    }
    return value;
  }

  delete(key: K): void {
    const found = this.kept.get(key);
    if (!found) return;
    this.total -= found.weight;
    this.kept.delete(key);
  }
}
