/** A cell as stored: numbers under a date format are days, formulas are told, never computed. */
export interface Cell {
  column: string;
  kind: "text" | "number" | "date" | "boolean" | "formula" | "error";
  value: string;
}

export interface SheetRow {
  line: number;
  cells: ReadonlyMap<string, Cell>;
}

/** Days since 1899-12-30, as spreadsheets count; 43613 is 2019-05-28. */
export const dayOfSerial = (serial: number): string => new Date(Date.UTC(1899, 11, 30) + Math.floor(serial) * 86_400_000).toISOString().slice(0, 10);
