/** What is wrong with a code, said in both languages. */
export interface CodeProblem {
  code: string;
  zh: string;
  en: string;
}

const USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const USCC_WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28] as const;
const BODY_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2] as const;

/** The check character of the first 17 characters of a unified social credit code (GB 32100-2015). */
export function usccCheckCharacter(first17: string): string {
  let sum = 0;
  for (const [i, weight] of USCC_WEIGHTS.entries()) {
    sum += USCC_ALPHABET.indexOf(first17.charAt(i)) * weight;
  }
  // The second modulus matters when the sum is a multiple of 31.
  return USCC_ALPHABET.charAt((31 - (sum % 31)) % 31);
}

/** The check character of the first 8 characters of an organisation code (GB 11714-1997). */
export function organizationCheckCharacter(first8: string): string {
  let sum = 0;
  for (const [i, weight] of BODY_WEIGHTS.entries()) {
    // Here, unlike in the whole code, letters run A=10 to Z=35 without gaps.
    sum += Number.parseInt(first8.charAt(i), 36) * weight;
  }
  const rest = 11 - (sum % 11);
  return rest === 10 ? "X" : rest === 11 ? "0" : String(rest);
}

/** What was found about an enterprise's code. `code` is the given text without blanks, in capitals. */
export interface EnterpriseCodeFinding {
  valid: boolean;
  code: string;
  /** USCC: 统一社会信用代码; REGISTRATION_15: the older 15-digit registration number (注册号) of a sole trader. */
  form: "USCC" | "REGISTRATION_15" | null;
  problems: CodeProblem[];
  /** Set when the code is allowed but should be looked into: OLD_REGISTRATION_NUMBER. */
  doubts: CodeProblem[];
}

/**
 * Checks a unified social credit code: length, alphabet, region digits, the check of its organisation code and its own.
 * A 15-digit registration number is let through with a doubt, since sole traders may have nothing else.
 */
export function checkEnterpriseCode(text: string): EnterpriseCodeFinding {
  const code = text.replace(/\s+/gu, "").toUpperCase();
  const finding: EnterpriseCodeFinding = { valid: false, code, form: null, problems: [], doubts: [] };
  if (/^\d{15}$/u.test(code)) {
    finding.form = "REGISTRATION_15";
    finding.valid = true;
    finding.doubts.push({
      code: "OLD_REGISTRATION_NUMBER",
      zh: "这是 15 位注册号,不是统一社会信用代码,请补录 18 位代码",
      en: "this is a 15-digit registration number, not a unified social credit code; supply the 18-character code",
    });
    return finding;
  }
  if (code.length !== 18) {
    finding.problems.push({
      code: "USCC_LENGTH",
      zh: `统一社会信用代码应为 18 位,现为 ${code.length} 位`,
      en: `a unified social credit code has 18 characters, this has ${code.length}`,
    });
    return finding;
  }
  finding.form = "USCC";
  if ([...code].some((character) => !USCC_ALPHABET.includes(character))) {
    finding.problems.push({
      code: "USCC_CHARACTER",
      zh: "统一社会信用代码只用数字和除 I、O、S、V、Z 以外的大写字母",
      en: "a unified social credit code uses digits and capital letters other than I, O, S, V and Z",
    });
    return finding;
  }
  if (!/^\d{6}$/u.test(code.slice(2, 8))) {
    finding.problems.push({
      code: "USCC_REGION",
      zh: "第 3 至 8 位应为登记机关的行政区划代码(数字)",
      en: "characters 3 to 8 are the region code of the registry, digits only",
    });
  } else if (organizationCheckCharacter(code.slice(8, 16)) !== code.charAt(16)) {
    finding.problems.push({
      code: "USCC_BODY_CHECK",
      zh: "第 9 至 17 位(主体标识码)的校验位不符",
      en: "the check character of the organisation code (characters 9 to 17) does not match",
    });
  }
  if (usccCheckCharacter(code.slice(0, 17)) !== code.charAt(17)) {
    finding.problems.push({
      code: "USCC_CHECK",
      zh: "第 18 位校验位不符,请核对是否录错",
      en: "the last check character does not match; look for a typing error",
    });
  }
  finding.valid = finding.problems.length === 0;
  return finding;
}

export type RegionCodeLevel = "PROVINCE" | "CITY" | "DISTRICT" | "TOWN" | "VILLAGE";

/** A region code taken apart. Whether the region exists, and when, is known by the regions, not by the code. */
export interface RegionCodeParts {
  /** Twelve digits, missing levels as zeros on the right. */
  code: string;
  level: RegionCodeLevel;
  /** The parent's twelve digits; null for a province. */
  parentCode: string | null;
  /** The first six digits. */
  countyCode: string;
  /** What the township or village digits say by their band (001-099 街道, 100-199 镇 ...); null above townships. */
  band: "SUBDISTRICT" | "TOWNSHIP_TOWN" | "TOWNSHIP" | "TOWNSHIP_LIKE" | "RESIDENTS" | "VILLAGERS" | "VILLAGE_LIKE" | null;
}

function townBand(digits: number): RegionCodeParts["band"] {
  return digits < 100 ? "SUBDISTRICT" : digits < 200 ? "TOWNSHIP_TOWN" : digits < 400 ? "TOWNSHIP" : digits < 600 ? "TOWNSHIP_LIKE" : null;
}

function villageBand(digits: number): RegionCodeParts["band"] {
  return digits < 200 ? "RESIDENTS" : digits < 400 ? "VILLAGERS" : digits < 600 ? "VILLAGE_LIKE" : null;
}

/**
 * Takes a 6-digit (GB/T 2260) or 12-digit (GB/T 10114, 统计用区划代码) region code apart; null when it is none.
 * A city without counties (such as 东莞 441900) has towns directly below it.
 */
export function parseRegionCode(text: string): RegionCodeParts | null {
  const given = text.trim();
  if (!/^(\d{6}|\d{12})$/u.test(given)) {
    return null;
  }
  const code = given.padEnd(12, "0");
  const [province, city, county, town, village] = [
    code.slice(0, 2),
    code.slice(2, 4),
    code.slice(4, 6),
    code.slice(6, 9),
    code.slice(9, 12),
  ] as [string, string, string, string, string];
  if (Number(province) < 11 || Number(province) > 82) {
    return null;
  }
  const countyCode = code.slice(0, 6);
  const made = (level: RegionCodeLevel, parent: string | null, band: RegionCodeParts["band"] = null): RegionCodeParts => ({
    code,
    level,
    parentCode: parent === null ? null : parent.padEnd(12, "0"),
    countyCode,
    band,
  });
  if (village !== "000") {
    return town === "000" || city === "00" ? null : made("VILLAGE", code.slice(0, 9), villageBand(Number(village)));
  }
  if (town !== "000") {
    return city === "00" ? null : made("TOWN", countyCode, townBand(Number(town)));
  }
  if (county !== "00") {
    return city === "00" ? null : made("DISTRICT", code.slice(0, 4));
  }
  return city === "00" ? made("PROVINCE", null) : made("CITY", province);
}

/** A grid code: the 12 digits of its village and a running number within it. */
export interface GridCodeParts {
  code: string;
  villageCode: string;
  /** 1-999, numbered west to east, north to south. */
  sequence: number;
}

/** Takes a 15-digit grid code (网格编码) apart; null when its village or its running number is none. */
export function parseGridCode(text: string): GridCodeParts | null {
  const code = text.trim();
  if (!/^\d{15}$/u.test(code)) {
    return null;
  }
  const villageCode = code.slice(0, 12);
  const sequence = Number(code.slice(12));
  if (sequence === 0 || parseRegionCode(villageCode)?.level !== "VILLAGE") {
    return null;
  }
  return { code, villageCode, sequence };
}
