/** Deletes every key of a Redis that begins with a prefix, and no other; a prefix has nothing in it that a pattern means. */
export async function deleteKeys(url: string, prefix: string): Promise<void> {
  // Optional to install.
  const { createClient } = await import("@redis/client");
  const client = createClient({ url, disableClientInfo: true, maintNotifications: "disabled" });
  client.on("error", () => {});
  try {
    await client.connect();
    for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
      if (keys.length > 0) await client.unlink(keys);
    }
  } finally {
    client.destroy();
  }
}
