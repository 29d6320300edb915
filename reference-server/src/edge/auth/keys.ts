// The key that JWTs are checked with, and the only algorithms that go with its kind: a token never chooses.
import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";

/** What verifies a token. */
export interface VerificationKey {
  readonly algorithms: readonly string[];
  readonly key: KeyObject | JWTVerifyGetKey;
}

/** RFC 7518, 3.2: a key for HS256 has at least the size of the hash. */
const secretMinBytes = 32;
const rsaMinBits = 2_048;

/** A shared secret, for HS256. Throws an Error whose message is for the operator. */
export function secretKey(secret: string): VerificationKey {
  const bytes = Buffer.from(secret, "utf8");
  if (bytes.length < secretMinBytes) {
    throw new Error(`Expected the JWT secret to have at least ${secretMinBytes} bytes, got ${bytes.length}`);
  }
  return { algorithms: ["HS256"], key: createSecretKey(bytes) };
}

/** A public key in PEM: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA). Throws as `secretKey`. */
export function publicKey(pem: string): VerificationKey {
  if (pem.includes("PRIVATE KEY"))
    throw new Error("Expected a public key, got a private one: keep that with the issuer");
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new Error("Expected a public key in PEM, got something else");
  }
  return { algorithms: algorithmsOf(key), key };
}

/** A JSON Web Key Set of public keys. Throws as `secretKey`. */
export function keySet(json: string): VerificationKey {
  let set: JSONWebKeySet;
  try {
    set = JSON.parse(json) as JSONWebKeySet;
  } catch {
    throw new Error("Expected a JSON Web Key Set, got something that is no JSON");
  }
  if (typeof set !== "object" || set === null || !Array.isArray(set.keys) || set.keys.length === 0) {
    throw new Error('Expected a JSON Web Key Set with at least one entry in "keys"');
  }
  const algorithms = new Set<string>();
  for (const [index, jwk] of set.keys.entries()) {
    if (jwk.kty === "oct") throw new Error(`Expected public keys in the key set, got a secret at keys[${index}]`);
    try {
      for (const algorithm of algorithmsOf(createPublicKey({ key: { ...jwk }, format: "jwk" })))
        algorithms.add(algorithm);
    } catch (cause) {
      throw new Error(`Expected a usable public key at keys[${index}]: ${cause instanceof Error ? cause.message : ""}`);
    }
  }
  return { algorithms: [...algorithms], key: createLocalJWKSet(set) };
}

function algorithmsOf(key: KeyObject): readonly string[] {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === "rsa") {
    const bits = details?.modulusLength ?? 0;
    if (bits < rsaMinBits) throw new Error(`Expected an RSA key of at least ${rsaMinBits} bits, got ${bits}`);
    return ["RS256"];
  }
  if (key.asymmetricKeyType === "ec" && details?.namedCurve === "prime256v1") return ["ES256"];
  if (key.asymmetricKeyType === "ed25519") return ["EdDSA", "Ed25519"];
  throw new Error(`Expected a key of RSA, P-256 or Ed25519, got ${details?.namedCurve ?? key.asymmetricKeyType}`);
}
