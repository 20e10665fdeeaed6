/** What tests of every folder share. */
import { setTimeout as wait } from "node:timers/promises";

/** For what no event tells: asks again and again, and rejects when it has been in vain for long. */
export async function until(condition: () => unknown, patienceMs = 60_000): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`never came true: ${condition}`);
    await wait(10);
  }
}

/** Of `localhost`, `127.0.0.1` and `::1`, signed by itself, valid until 2120. Known to everybody, so for tests only. */
export const testCertificate = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIzaronwpVjriiVk7
M9OpHeYjqQcIvnACUfP2Otn3662hRANCAATuVDMpDF7ZRL8Pai3wHfRELXDkFoZX
RfCbB6dyRbyobUQ05LAM3hCwGJOBaRM79IfkoDjkZl1g4EyTlin67ag/
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBgjCCASmgAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA53aXJlYmVu
Y2ggdGVzdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
A1UEAwwOd2lyZWJlbmNoIHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATu
VDMpDF7ZRL8Pai3wHfRELXDkFoZXRfCbB6dyRbyobUQ05LAM3hCwGJOBaRM79Ifk
oDjkZl1g4EyTlin67ag/o2AwXjAsBgNVHREEJTAjgglsb2NhbGhvc3SHBH8AAAGH
EAAAAAAAAAAAAAAAAAAAAAEwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQU3cB/
/Zakx/KUxVFDTE6EGxMedH8wCgYIKoZIzj0EAwIDRwAwRAIgBCkhpYgVOXC1+qTM
HCPqJZMTm8s3F17V3PyJCwVVP08CIGgJRihPnLvEQ5+dnPHij1nLpD9kGU8UtwRG
N1qVjyJE
-----END CERTIFICATE-----
`,
};
