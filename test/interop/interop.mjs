// SPDX-License-Identifier: Apache-2.0
// node interop.mjs ENVELOPE_TOOL PACKAGE_FOLDER KEY_OF_8192_BITS: Node's crypto, and an independent
// implementation of sealing from npm, against ours.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

const [tool, packages, largeKeyFile] = process.argv.slice(2);
const { encryptSecretItem } = createRequire(path.join(packages, 'x.js'))('@linode/kubeseal-encrypt');
const oaep = { oaepHash: 'sha256', padding: crypto.constants.RSA_PKCS1_OAEP_PADDING };
const nonce = Buffer.alloc(12);

function ours(mode, keyFile, label, input) {
  const output = execFileSync(tool, [mode, keyFile, label],
    { input: input.toString('base64'), stdio: ['pipe', 'pipe', 'pipe'] });
  return Buffer.from(output.toString(), 'base64');
}

function nodeSeal(key, label, plaintext) {
  const session = crypto.randomBytes(32);
  const rsa = crypto.publicEncrypt({ key, ...oaep, oaepLabel: Buffer.from(label) }, session);
  const cipher = crypto.createCipheriv('aes-256-gcm', session, nonce);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(rsa.length);
  return Buffer.concat([length, rsa, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function nodeOpen(key, label, envelope) {
  const end = 2 + envelope.readUInt16BE(0);
  const session = crypto.privateDecrypt({ key, ...oaep, oaepLabel: Buffer.from(label) },
    envelope.subarray(2, end));
  assert.equal(session.length, 32);
  const cipher = crypto.createDecipheriv('aes-256-gcm', session, nonce);
  cipher.setAuthTag(envelope.subarray(-16));
  return Buffer.concat([cipher.update(envelope.subarray(end, -16)), cipher.final()]);
}

// Making 8192 bits takes Node minutes on a slow day: that size comes from a file.
function keyPair(bits) {
  if (bits < 8192) return crypto.generateKeyPairSync('rsa', { modulusLength: bits });
  const privateKey = crypto.createPrivateKey(fs.readFileSync(largeKeyFile));
  assert.equal(privateKey.asymmetricKeyDetails.modulusLength, bits);
  return { privateKey, publicKey: crypto.createPublicKey(privateKey) };
}

const labels = { strict: 'team/app', 'namespace-wide': 'team', 'cluster-wide': '' };
const plaintexts = [Buffer.alloc(0), Buffer.from('s3cr3t'), crypto.randomBytes(10000)];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bulla-interop-'));
let checks = 0;
try {
  for (const bits of [2048, 3072, 4096, 8192]) {
    const { privateKey, publicKey } = keyPair(bits);
    const keyFile = path.join(folder, `${bits}.pem`);
    fs.writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    for (const [scope, label] of Object.entries(labels)) {
      for (const plaintext of plaintexts) {
        const about = `${bits} bits, ${scope}, ${plaintext.length} bytes`;
        const sealed = ours('seal', keyFile, label, plaintext);
        assert.deepEqual(nodeOpen(privateKey, label, sealed), plaintext, `node opens ours: ${about}`);
        const theirs = nodeSeal(publicKey, label, plaintext);
        assert.deepEqual(ours('open', keyFile, label, theirs), plaintext, `we open node's: ${about}`);
        assert.throws(() => ours('open', keyFile, label + 'x', theirs), /no key could decrypt/);
        checks += 3;
      }
    }
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    const sealed = Buffer.from(await encryptSecretItem(pem, 'team', 'grüße'), 'base64');
    assert.equal(ours('open', keyFile, 'team', sealed).toString(), 'grüße');
    assert.throws(() => ours('open', keyFile, 'team/app', sealed), /no key could decrypt/);
    checks += 2;
  }
} finally {
  fs.rmSync(folder, { recursive: true });
}
console.log(`${checks} checks passed`);
