// Reads one credential with @sd-jwt/core and jose; prints its claims. Input: {"token": ..., "key": ..., "at": seconds}.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { SDJwtInstance } from "@sd-jwt/core";
import { compactVerify, importJWK } from "jose";

const { token, key, at } = JSON.parse(readFileSync(0, "utf8"));
const publicKey = await importJWK(key, "ES256");
const instance = new SDJwtInstance({
  hasher: (data, algorithm) => createHash(algorithm.replace("-", "")).update(data).digest(),
  hashAlg: "sha-256",
  verifier: async (data, signature) => {
    await compactVerify(`${data}.${signature}`, publicKey, { algorithms: ["ES256"] });
    return true;
  },
});
const { payload } = await instance.verify(token, { currentDate: at });
console.log(JSON.stringify(payload));
