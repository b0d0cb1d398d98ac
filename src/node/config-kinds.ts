import { z } from "zod";
import { type Address, parseAddress } from "../base/address.ts";
import { nodeIdPattern } from "../base/node-id.ts";

/**
 * Kinds of settings. Each reads text, as flags and the environment give it, and the types that YAML
 * has; what it expects stands in words, for the one line that refuses anything else.
 */
export type Kind<T> = z.ZodType<T>;

function kind<T>(expected: string, read: (raw: unknown) => T | undefined): Kind<T> {
  return z.unknown().transform((raw, context) => {
    const value = read(raw);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
}

export function text(pattern: RegExp, expected: string): Kind<string> {
  // YAML makes a number of 0123 and loses its zero: only what is text already is taken as text.
  return kind(expected, (raw) => (typeof raw === "string" && pattern.test(raw) ? raw : undefined));
}

export function oneOf<T extends string>(words: readonly T[]): Kind<T> {
  return kind(`one of ${words.join(", ")}`, (raw) => words.find((word) => word === raw));
}

export const yesOrNo: Kind<boolean> = kind("true or false", (raw) => {
  if (typeof raw === "boolean") return raw;
  if (typeof raw !== "string") return undefined;
  if (/^(?:true|yes|on|1)$/i.test(raw)) return true;
  return /^(?:false|no|off|0)$/i.test(raw) ? false : undefined;
});

export function wholeNumber(min: number, max: number): Kind<number> {
  return kind(`a whole number from ${min} to ${max}`, (raw) => {
    const value = typeof raw === "string" && /^-?\d{1,16}$/.test(raw) ? Number(raw) : raw;
    return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
      ? value
      : undefined;
  });
}

export const address: Kind<Address> = kind("HOST:PORT, such as 127.0.0.1:6379 or [::1]:6379", (raw) =>
  typeof raw === "string" ? parseAddress(raw) : undefined,
);

/** None where it is empty. */
export const addressOrNone: Kind<Address | ""> = kind(
  "HOST:PORT, such as 127.0.0.1:6379 or [::1]:6379, or nothing",
  (raw) => (raw === "" ? "" : typeof raw === "string" ? parseAddress(raw) : undefined),
);

/** "n1=HOST:PORT,n2=HOST:PORT", each node once. */
export const nodeList: Kind<string> = kind(
  "ID=HOST:PORT,ID=HOST:PORT,… with each id once, or nothing",
  (raw) => (typeof raw === "string" && readNodeList(raw) !== undefined ? raw : undefined),
);

export function readNodeList(text: string): ReadonlyMap<string, Address> | undefined {
  const nodes = new Map<string, Address>();
  for (const part of text === "" ? [] : text.split(",")) {
    const [id = "", ...rest] = part.trim().split("=");
    const place = parseAddress(rest.join("="));
    if (!nodeIdPattern.test(id) || place === undefined || nodes.has(id)) return undefined;
    nodes.set(id, place);
  }
  return nodes;
}

/** As Redis reads them: "100mb" is 100 * 1024 * 1024, "100m" is 100 * 1000 * 1000. */
const unitBytes: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1e3,
  kb: 1024,
  m: 1e6,
  mb: 1024 ** 2,
  g: 1e9,
  gb: 1024 ** 3,
};

export const byteCount: Kind<number> = kind("a number of bytes, such as 500mb or 2gb, or 0", readBytes);

/** Bytes, or a share of the memory there is: "10%". */
export const bytesOrShare: Kind<string> = kind(
  "a number of bytes, such as 500mb, or a share, such as 10%, or 0",
  (raw) => {
    const percent = /^(\d{1,3})%$/.exec(String(raw))?.[1];
    if (percent !== undefined) return Number(percent) <= 100 ? `${Number(percent)}%` : undefined;
    return readBytes(raw)?.toString();
  },
);

/** Bytes as they are, a share as its negative percentage. */
export function numberOfShare(text: string): number {
  return text.endsWith("%") ? 0 - Number(text.slice(0, -1)) : Number(text);
}

function readBytes(raw: unknown): number | undefined {
  const match = /^(\d{1,16}) *([a-z]*)$/i.exec(String(raw));
  const unit = unitBytes[match?.[2]?.toLowerCase() ?? ""];
  if (match === null || unit === undefined) return undefined;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
