/** The name of a node: what it is started with as --id. */
export const nodeIdPattern: RegExp = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
export const nodeIdExpected = "up to 64 letters, digits, dots, dashes and underscores";
