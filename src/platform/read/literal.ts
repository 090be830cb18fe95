/** A constant of the schema as SQL text; never a client's. */
export const literal = (text: string) => `'${text.replace(/'/g, "''")}'`;
