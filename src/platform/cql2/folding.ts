/**
 * Full case folding (Unicode, clause 5.18) in SQL. `lower` folds nearly all characters; what it misses is known from
 * Unicode itself: characters whose capital, made small again, is another one (ſ, ς, µ) or several (ß, ﬁ, ŉ).
 */
const { singles, several } = exceptions();

function exceptions(): { singles: Map<string, string>; several: Map<string, string> } {
  const found = { singles: new Map<string, string>(), several: new Map<string, string>() };
  for (let code = 0x80; code <= 0xffff; code += 1) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const small = String.fromCodePoint(code).toLowerCase();
    // ı has no fold; its capital is that of i.
    if (small !== String.fromCodePoint(code) || small === "ı") continue;
    const folded = small.toUpperCase().toLowerCase();
    if (folded === small) continue;
    if ([...folded].length === 1) found.singles.set(small, folded);
    else found.several.set(small, [...folded].map((each) => found.singles.get(each) ?? each).join(""));
  }
  return found;
}

const quoted = (text: string) => `'${text.replace(/'/g, "''")}'`;
const FROM = quoted([...singles.keys()].join(""));
const TO = quoted([...singles.values()].join(""));
const CLASS = quoted(`[${[...several.keys()].join("")}]`);

/** Text as SQL, folded: two texts that differ only in case become one. */
export function foldCase(sql: string): string {
  const simple = `translate(lower(${sql}), ${FROM}, ${TO})`;
  const full = [...several].reduce((inner, [from, to]) => `replace(${inner}, ${quoted(from)}, ${quoted(to)})`, "folded.t");
  // A hundred replacements only where one of them is needed.
  return `(select case when folded.t ~ ${CLASS} then ${full} else folded.t end from (select ${simple} as t) folded)`;
}

/** Text as SQL without the marks above and below its letters. */
export const foldAccents = (sql: string): string => `normalize(regexp_replace(normalize(${sql}, NFD), '[\\u0300-\\u036f]', '', 'g'), NFC)`;
