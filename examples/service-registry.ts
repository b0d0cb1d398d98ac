/** A registry of services: an instance is there for as long as it says so. */
import { KvClient } from "kvorum";

const life = 2_000;
const heartbeat = life / 8;

await using client = new KvClient(process.env.KVORUM_CONNECT);
const services = client.prefix("example:service:");

/** Announces an instance until it is stopped; one that dies is forgotten when its key expires. */
class Instance {
  readonly #key: string;
  readonly #address: string;
  readonly #timer: NodeJS.Timeout;

  constructor(service: string, id: string, address: string) {
    this.#key = `${service}:${id}`;
    this.#address = address;
    this.#timer = setInterval(() => void this.announce().catch(console.error), heartbeat);
  }

  async announce(): Promise<void> {
    await services.set(this.#key, this.#address, { ttl: life });
  }

  /** As a process that was killed: it says nothing any more. */
  die(): void {
    clearInterval(this.#timer);
  }

  async stop(): Promise<void> {
    this.die();
    await services.delete(this.#key);
  }
}

async function addressesOf(service: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of services.scan({ match: `${service}:*` })) keys.push(key);
  const addresses = await services.getMany(keys);
  return addresses.filter((address) => address !== null).sort();
}

const one = new Instance("mail", "1", "10.0.0.1:25");
const two = new Instance("mail", "2", "10.0.0.2:25");
await Promise.all([one.announce(), two.announce()]);
console.log(`both are there: ${await addressesOf("mail")}`);
two.die();
while ((await addressesOf("mail")).length === 2) await new Promise((resolve) => setTimeout(resolve, 50));
console.log(`one has died: ${await addressesOf("mail")}`);
await one.stop();
console.log(`one has left: ${(await addressesOf("mail")).length} instances`);
