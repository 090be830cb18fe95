import { beyond, limits, refusal } from "./tree.js";

export interface Token {
  kind: "word" | "name" | "text" | "number" | "sign" | "end";
  /** Words as written; names and texts without their quotes. */
  value: string;
  /** Character it begins at, counted from one. */
  at: number;
}

const BLANK = /[ \t\r\n]*/y;
const NUMBER = /(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?/y;
const SIGN = /<>|<=|>=|[(),=<>+\-*/%^[\]]/y;
const START = ":_A-Za-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFE\\u200C-\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}";
const WORD = new RegExp(`[${START}][${START}.0-9\\u0300-\\u036F\\u203F-\\u2040]*`, "uy");
const ESCAPES: Readonly<Record<string, string>> = { "'": "'", "\\": "\\", a: "\u0007", b: "\b", t: "\t", n: "\n", v: "\v", f: "\f", r: "\r", "%": "\\%", _: "\\_" };

/** A name that needs no quotes, whatever it means. */
export const isPlainWord = (name: string): boolean => {
  WORD.lastIndex = 0;
  return WORD.exec(name)?.[0] === name;
};

/** Takes CQL2 text apart. Refuses what is no token, saying where. */
export function tokensOf(text: string): Token[] {
  if (text.length > limits.filterText) throw beyond("filterText");
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  for (;;) {
    match(BLANK);
    const start = at;
    const push = (kind: Token["kind"], value: string) => tokens.push({ kind, value, at: start + 1 });
    if (at >= text.length) {
      push("end", "");
      return tokens;
    }
    const character = text[at]!;
    if (character === "'") {
      const [value, next] = quoted(text, at);
      at = next;
      push("text", value);
    } else if (character === '"') {
      const close = text.indexOf('"', at + 1);
      const value = close < 0 ? "" : text.slice(at + 1, close);
      if (!isPlainWord(value)) throw refusal(start + 1, 'a name in double quotes / 双引号内的名称', text.slice(at));
      at = close + 1;
      push("name", value);
    } else {
      const number = match(NUMBER);
      if (number !== undefined) {
        const after = at;
        if (match(WORD) !== undefined) throw refusal(after + 1, "an operator after the number / 数字后应为运算符", text.slice(after));
        push("number", number);
        continue;
      }
      const word = match(WORD);
      if (word !== undefined) {
        push("word", word);
        continue;
      }
      const sign = match(SIGN);
      if (sign === undefined) throw refusal(start + 1, "a property, a literal or an operator / 属性、字面值或运算符", text.slice(at));
      push("sign", sign);
    }
  }
}

/** A character literal: '' and \' are a quote, \n and its like are control characters; \% and \_ stay for LIKE. */
function quoted(text: string, from: number): [value: string, next: number] {
  let value = "";
  for (let at = from + 1; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === "'") {
      if (text[at + 1] !== "'") return [value, at + 1];
      value += "'";
      at += 1;
    } else if (character === "\\") {
      const meant = ESCAPES[text[at + 1] ?? ""];
      if (meant === undefined) throw refusal(at + 1, "one of \\' \\\\ \\a \\b \\t \\n \\v \\f \\r \\% \\_", text.slice(at, at + 2));
      value += meant;
      at += 1;
    } else value += character;
  }
  throw refusal(from + 1, "a closing quote / 右引号", text.slice(from));
}
