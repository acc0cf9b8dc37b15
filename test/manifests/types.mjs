// SPDX-License-Identifier: Apache-2.0
// Holds Kubernetes objects against the types of a present Kubernetes and of the Prometheus operator.
//
// usage: types.mjs NODE_MODULES < LIST     a JSON list of objects; prints a line for each problem
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const modules = process.argv[2];
const packageOf = { "monitoring.coreos.com": "@kubernetes-models/prometheus-operator" };

// The function that validates objects of a type: what the class of that name hands on to its own.
async function validatorOf({ apiVersion, kind }) {
  const owner = packageOf[apiVersion.split("/")[0]] ?? "kubernetes-models";
  const file = path.join(modules, owner, apiVersion, `${kind}.js`);
  if (!fs.existsSync(file)) return undefined;
  const [, schema] = fs.readFileSync(file, "utf8").match(/from"([^"]*\/_schemas\/[^"]+)"/);
  return (await import(pathToFileURL(path.resolve(path.dirname(file), schema)).href)).validate;
}

// The validators let pass what their type does not have. But they never look at it, either: what is
// left in `unread` afterwards is a field that Kubernetes does not know.
function watched(value, place, unread) {
  if (value === null || typeof value !== "object") return value;
  for (const key of Object.keys(value)) unread.add(`${place}/${key}`);
  const seen = new Map();
  return new Proxy(value, {
    get(target, key) {
      if (typeof key === "symbol" || !Object.hasOwn(target, key)) return target[key];
      unread.delete(`${place}/${key}`);
      if (!seen.has(key)) seen.set(key, watched(target[key], `${place}/${key}`, unread));
      return seen.get(key);
    },
  });
}

function problemsOf(object, validate) {
  const unread = new Set();
  const wrong = validate(watched(object, "", unread)) ? [] : validate.errors;
  return [
    ...wrong.map((error) => `${error.instancePath}: ${error.keyword} ${JSON.stringify(error.params)}`),
    ...[...unread].map((place) => `${place}: no such field`),
  ];
}

for (const object of JSON.parse(fs.readFileSync(0, "utf8"))) {
  const validate = await validatorOf(object);
  const problems = validate ? problemsOf(object, validate) : [`${object.apiVersion} is not known`];
  for (const problem of problems) console.log(`${object.kind} ${object.metadata.name}: ${problem}`);
}
