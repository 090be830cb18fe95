/**
 * Full case folding (Unicode, clause 5.18) in SQL. `lower` folds nearly all characters; the others are known from Unicode
 * itself: small letters whose capital, made small again, is another one (ſ, ς, µ) or several (ß, ﬁ, ŉ), and capitals that
 * the library of one engine or the other is too old to know.
 */
const { singles, several } = exceptions();

function exceptions(): { singles: Map<string, string>; several: Map<string, string> } {
  const found = { singles: new Map<string, string>(), several: new Map<string, string>() };
  for (let code = 0x80; code <= 0x1ffff; code += 1) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const letter = String.fromCodePoint(code);
    const small = letter.toLowerCase();
    if (small !== letter) {
      if (mayBeUnknown(code) && [...small].length === 1) found.singles.set(letter, small);
      continue;
    }
    // ı has no fold; its capital is that of i.
    if (letter === "ı") continue;
    const folded = letter.toUpperCase().toLowerCase();
    if (folded === letter) continue;
    if ([...folded].length === 1) found.singles.set(letter, folded);
    else found.several.set(letter, folded);
  }
  for (const [letter, folded] of found.several) found.several.set(letter, [...folded].map((each) => found.singles.get(each) ?? each).join(""));
  return found;
}

/** Circled letters, and letters younger than the libraries. */
function mayBeUnknown(code: number): boolean {
  return (code >= 0x24b6 && code <= 0x24cf) || code === 0x1c89 || code === 0x2c2f || (code >= 0xa7c0 && code <= 0xa7ff) || code > 0xffff;
}

const quoted = (text: string) => `'${text.replace(/'/g, "''")}'`;
const FROM = quoted([...singles.keys()].join(""));
const TO = quoted([...singles.values()].join(""));
const RARE = quoted(`[${[...singles.keys(), ...several.keys()].join("")}]`);

/** Text as SQL, folded: two texts that differ only in case become one. */
export function foldCase(sql: string): string {
  const full = [...several].reduce((inner, [from, to]) => `replace(${inner}, ${quoted(from)}, ${quoted(to)})`, `translate(folded.t, ${FROM}, ${TO})`);
  // A hundred replacements only where one of them is needed.
  return `(select case when folded.t ~ ${RARE} then ${full} else folded.t end from (select lower(${sql}) as t) folded)`;
}

/** Text as SQL without the marks above and below its letters. */
export const foldAccents = (sql: string): string => `normalize(regexp_replace(normalize(${sql}, NFD), '[\\u0300-\\u036f]', '', 'g'), NFC)`;
