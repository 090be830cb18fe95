const began = Date.now();

/** A line of progress. */
export const say = (zh: string, en: string) => void process.stderr.write(`[${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s] ${zh} / ${en}\n`);
