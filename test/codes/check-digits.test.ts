import { describe, expect, test } from "@jest/globals";
import {
  checkEnterpriseCode,
  organizationCheckCharacter,
  parseGridCode,
  parseRegionCode,
  usccCheckCharacter,
} from "../../src/codes/check-digits.js";

describe("unified social credit code", () => {
  test.each(["11500228MB1958632Q", "11500112009315877L", "115002370086610305", "91350100M000100Y43"])("%s is valid", (code) => {
    expect(checkEnterpriseCode(code)).toMatchObject({ valid: true, form: "USCC", code, problems: [], doubts: [] });
  });

  test("a wrong last character is found", () => {
    const finding = checkEnterpriseCode("91350100M000100Y4Z");
    expect(finding.valid).toBe(false);
    expect(finding.problems.map((problem) => problem.code)).toEqual(["USCC_CHARACTER"]);
    expect(checkEnterpriseCode("91350100M000100Y44").problems.map((problem) => problem.code)).toEqual(["USCC_CHECK"]);
  });

  test("any single wrong character of a valid code is found", () => {
    const code = "11500228MB1958632Q";
    for (let i = 0; i < 18; i += 1) {
      const other = code.charAt(i) === "7" ? "8" : "7";
      expect(checkEnterpriseCode(code.slice(0, i) + other + code.slice(i + 1)).valid).toBe(false);
    }
  });

  test("the organisation code inside has its own check", () => {
    expect(organizationCheckCharacter("MB195863")).toBe("2");
    expect(organizationCheckCharacter("D2143569")).toBe("X");
    const first17 = "11500228MB1958633";
    expect(checkEnterpriseCode(first17 + usccCheckCharacter(first17)).problems.map((problem) => problem.code)).toEqual(["USCC_BODY_CHECK"]);
  });

  test("a sum that is a multiple of 31 gives the character 0", () => {
    const multiples: string[] = [];
    for (let n = 0; n < 2000 && multiples.length === 0; n += 1) {
      const eight = String(10_000_000 + n);
      const first17 = `91500112${eight}${organizationCheckCharacter(eight)}`;
      if (usccCheckCharacter(first17) === "0") {
        multiples.push(first17);
      }
    }
    expect(checkEnterpriseCode(`${multiples[0]}0`).valid).toBe(true);
  });

  test("blanks and small letters are tidied, lengths are told", () => {
    expect(checkEnterpriseCode(" 11500228 mb1958632q\n").code).toBe("11500228MB1958632Q");
    expect(checkEnterpriseCode("1150022").problems[0]?.code).toBe("USCC_LENGTH");
    expect(checkEnterpriseCode("").valid).toBe(false);
    expect(checkEnterpriseCode("11SO0228MB1958632Q").problems[0]?.code).toBe("USCC_CHARACTER");
  });

  test("a 15-digit registration number is allowed with a doubt", () => {
    expect(checkEnterpriseCode("500112600123456")).toMatchObject({
      valid: true,
      form: "REGISTRATION_15",
      doubts: [{ code: "OLD_REGISTRATION_NUMBER" }],
    });
  });
});

describe("region codes", () => {
  test.each([
    ["500000", "PROVINCE", null],
    ["500100", "CITY", "500000000000"],
    ["310105", "DISTRICT", "310100000000"],
    ["500112", "DISTRICT", "500100000000"],
    ["500228", "DISTRICT", "500200000000"],
    ["500112000000", "DISTRICT", "500100000000"],
    ["500112001000", "TOWN", "500112000000"],
    ["500112004001", "VILLAGE", "500112004000"],
    ["441900003000", "TOWN", "441900000000"],
  ])("%s is a %s", (code, level, parentCode) => {
    expect(parseRegionCode(code)).toMatchObject({ code: code.padEnd(12, "0"), level, parentCode });
  });

  test("the bands of towns and villages are read", () => {
    expect(parseRegionCode("500112004000")?.band).toBe("SUBDISTRICT");
    expect(parseRegionCode("500112104000")?.band).toBe("TOWNSHIP_TOWN");
    expect(parseRegionCode("500112200000")?.band).toBe("TOWNSHIP");
    expect(parseRegionCode("500112400000")?.band).toBe("TOWNSHIP_LIKE");
    expect(parseRegionCode("500112004001")?.band).toBe("RESIDENTS");
    expect(parseRegionCode("500112104201")?.band).toBe("VILLAGERS");
    expect(parseRegionCode("500112104501")?.band).toBe("VILLAGE_LIKE");
  });

  test.each(["50011", "5001120040", "500112000001", "50O112", "000000", "990000", "500012", ""])("%s is none", (code) => {
    expect(parseRegionCode(code)).toBeNull();
  });
});

describe("grid codes", () => {
  test("fifteen digits: the village and a running number", () => {
    expect(parseGridCode("500112004001007")).toEqual({ code: "500112004001007", villageCode: "500112004001", sequence: 7 });
  });

  test.each(["500112004001000", "500112004000001", "50011200400107", "5001120040010070", "50011200400100A"])("%s is none", (code) => {
    expect(parseGridCode(code)).toBeNull();
  });
});
