import { createHmac, timingSafeEqual } from "node:crypto";

/** HMAC-SHA-256 (RFC 2104), as 64 hexadecimal digits. */
export function hmac(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}

/** Takes the same time wherever they differ. */
export function isSameDigest(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
