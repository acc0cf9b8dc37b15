// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "test_client.hpp"
#include "test_objects.hpp"

namespace bulla::test {

namespace {

Json with(Json object, std::string_view key, Json value) {
  object.as_object()[key] = std::move(value);
  return object;
}

Reply create(const ApiServer& server, const char* path, Json body) {
  return call(server, {.method = "POST", .target = path, .body = std::move(body)});
}

std::vector<std::string> names(const Json& list) {
  std::vector<std::string> found;
  for (const Json& item : list.at("items").as_array())
    found.push_back(text_at(item, "metadata.name"));
  return found;
}

/// sealed_secret_crd with a schema for the template, whose data may hold nulls if `nullable`.
std::string nulls_crd(const std::string& nullable) {
  std::string crd = sealed_secret_crd;
  const std::string anything =
      "template: {type: object, x-kubernetes-preserve-unknown-fields: true}";
  const std::string texts = "{type: object, additionalProperties: {type: string}}";
  return crd.replace(crd.find(anything), anything.size(),
                     "template: {type: object, properties: {type: {type: string}, data: {type: "
                     "object, additionalProperties: {type: string, nullable: " +
                         nullable +
                         "}}, metadata: {type: object, x-kubernetes-preserve-unknown-fields: true, "
                         "properties: {labels: " +
                         texts + ", annotations: " + texts + "}}}}");
}

}  // namespace

TEST_CASE("a Secret that a real server refuses is refused in its words") {
  struct Case {
    const char* name;
    const char* field;
    Json value;
    int code;
    const char* message;
  };
  const Case cases[] = {
      {"TLS without its items", "type", "kubernetes.io/tls", 422,
       "Secret \"s\" is invalid: [data[tls.crt]: Required value, data[tls.key]: Required value]"},
      {"docker config without its item", "type", "kubernetes.io/dockerconfigjson", 422,
       "Secret \"s\" is invalid: data[.dockerconfigjson]: Required value"},
      {"data that is no base64", "data", JsonObject{{"a", "!"}}, 400,
       "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input "
       "byte 0"},
      {"more than 1 MiB", "stringData", JsonObject{{"a", std::string(1024 * 1024 + 1, 'x')}}, 422,
       "Secret \"s\" is invalid: data: Too long: must have at most 1048576 bytes"},
      {"another kind", "kind", "ConfigMap", 400,
       "ConfigMap in version \"v1\" cannot be handled as a Secret"},
  };
  ApiServer server;
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto reply = create(server, secrets_path, with(secret("s"), c.field, c.value));
    CHECK(reply.code == c.code);
    CHECK(reply.at("message") == c.message);
    CHECK(reply.at("kind") == "Status");
  }
  CHECK(server.list("secrets").empty());
}

TEST_CASE("stringData is folded into data, and the type defaults to Opaque") {
  ApiServer server;
  const auto reply =
      create(server, secrets_path, with(secret("s"), "stringData", JsonObject{{"foo", "new"}}));
  CHECK(reply.code == 201);
  CHECK(reply.at("data.foo") == "bmV3");
  CHECK(reply.at("type") == "Opaque");
  CHECK(find(reply.body, "stringData") == nullptr);
}

TEST_CASE("an immutable Secret and a Secret's type stay as they are") {
  ApiServer server;
  (void)create(server, secrets_path, with(secret("s"), "immutable", true));
  auto object = *server.get("secrets", "default", "s");
  object.at("data").as_object()["foo"] = "bmV3";
  const Call update{.method = "PUT", .target = below(secrets_path, "s"), .body = object};
  CHECK(call(server, update).at("message") ==
        "Secret \"s\" is invalid: data: Forbidden: field is immutable when `immutable` is set");
  object = *server.get("secrets", "default", "s");
  object.as_object()["type"] = "other";
  const Call retype{.method = "PUT", .target = below(secrets_path, "s"), .body = object};
  CHECK(call(server, retype).at("message") ==
        "Secret \"s\" is invalid: type: Invalid value: \"other\": field is immutable");
}

TEST_CASE("creation needs a namespace, a free name, and makes names up") {
  ApiServer server;
  const auto homeless = create(server, "/api/v1/namespaces/x/secrets",
                               JsonObject{{"metadata", JsonObject{{"name", "s"}}}});
  CHECK(homeless.code == 404);
  CHECK(homeless.at("message") == "namespaces \"x\" not found");
  CHECK(create(server, secrets_path, secret("s")).code == 201);
  const auto again = create(server, secrets_path, secret("s"));
  CHECK(again.code == 409);
  CHECK(again.at("reason") == "AlreadyExists");
  const auto named =
      create(server, secrets_path, JsonObject{{"metadata", JsonObject{{"generateName", "key-"}}}});
  CHECK(named.at("metadata.name").size() == 9);
  const auto unlucky =
      create(server, secrets_path,
             JsonObject{{"metadata", JsonObject{{"name", "s"}, {"generateName", "s-"}}}});
  CHECK(unlucky.code == 409);
  CHECK(unlucky.at("message") ==
        "secrets \"s\" already exists, the server was not able to generate a unique name for the "
        "object");
}

TEST_CASE("generation follows the spec, and the status has its own door") {
  ApiServer server;
  server.install_crd(sealed_secret_crd);
  (void)create(server, sealed_path, with(sealed_secret("s"), "status", JsonObject{{"a", 1}}));
  const auto generation = [&] {
    return find(*server.get("sealedsecrets", "default", "s"), "metadata.generation")
        ->to_number<int>();
  };
  const auto patch = [&](const char* rest, Json body) {
    return call(server, {.method = "PATCH",
                         .target = below(sealed_path, rest),
                         .body = std::move(body),
                         .content_type = "application/merge-patch+json"});
  };
  CHECK(find(*server.get("sealedsecrets", "default", "s"), "status") == nullptr);
  CHECK(generation() == 1);
  CHECK(patch("s", JsonObject{{"metadata", JsonObject{{"labels", JsonObject{{"a", "b"}}}}}}).code ==
        200);
  CHECK(generation() == 1);
  const Json both = JsonObject{{"spec", JsonObject{{"encryptedData", JsonObject{{"foo", "x"}}}}},
                               {"status", JsonObject{{"b", 2}}}};
  const auto status = patch("s/status", both);
  CHECK(status.at("spec.encryptedData.foo") == "AgB");
  CHECK(find(status.body, "status.b") != nullptr);
  CHECK(generation() == 1);
  (void)patch("s", both);
  CHECK(generation() == 2);
  const auto version = server.resource_version();
  (void)patch("s", both);
  CHECK(server.resource_version() == version);  // nothing changed: no new version
}

TEST_CASE("custom resources are pruned and checked by their schema") {
  ApiServer server;
  server.install_crd(sealed_secret_crd);
  Json odd = sealed_secret("s");
  odd.at("spec").as_object()["colour"] = "red";
  odd.at("spec").at("encryptedData").as_object()["number"] = 7;  // preserved: anything goes
  const auto strict = call(server, {.method = "POST",
                                    .target = std::string(sealed_path) + "?fieldValidation=Strict",
                                    .body = odd});
  CHECK(strict.code == 400);
  CHECK(strict.at("message").find("unknown field \"spec.colour\"") != std::string::npos);
  const auto lenient = create(server, sealed_path, odd);
  CHECK(lenient.code == 201);
  CAPTURE(lenient.text);
  CHECK(find(lenient.body, "spec.colour") == nullptr);
  CHECK(find(lenient.body, "spec.encryptedData.number") != nullptr);
  const auto bare = create(server, sealed_path, with(sealed_secret("t"), "spec", JsonObject{}));
  CHECK(bare.code == 422);
  CHECK(bare.at("message") ==
        "SealedSecret.bitnami.com \"t\" is invalid: spec.encryptedData: Required value");
  Json blind = sealed_secret("s");
  const auto put =
      call(server, {.method = "PUT", .target = below(sealed_path, "s"), .body = blind});
  CHECK(put.code == 422);
  CHECK(put.at("message").find("metadata.resourceVersion: Invalid value: 0x0") !=
        std::string::npos);
}

// As kube-apiserver 1.20 answered, for the reference's CRD and for one with `nullable: true`.
TEST_CASE("nulls go where the schema does not allow them, and stay where it says nothing") {
  const auto spec_after = [](const std::string& crd) {
    ApiServer server;
    server.install_crd(crd);
    Json object = sealed_secret("s");
    object.at("spec") = json_from_yaml(R"({"encryptedData":{"a":"AgB"},"template":{
        "data":{"a":null,"k":"v"},"type":null,"metadata":{"annotations":{"q":null},
        "labels":null,"creationTimestamp":null,"zz":null}}})");
    const auto made = create(server, sealed_path, object);
    CHECK(made.code == 201);
    return *find(made.body, "spec");
  };
  CHECK(spec_after(nulls_crd("false")) ==
        json_from_yaml(R"({"encryptedData":{"a":"AgB"},"template":{"data":{"k":"v"},"metadata":
            {"annotations":{},"creationTimestamp":null,"zz":null}}})"));
  CHECK(spec_after(nulls_crd("true")) ==
        json_from_yaml(R"({"encryptedData":{"a":"AgB"},"template":{"data":{"a":null,"k":"v"},
            "metadata":{"annotations":{},"creationTimestamp":null,"zz":null}}})"));
}

TEST_CASE("each kind of patch does its work") {
  struct Case {
    const char* content_type;
    const char* patch;
    int code;
    const char* foo;
  };
  const Case cases[] = {
      {"application/merge-patch+json", R"({"data":{"foo":"MQ=="}})", 200, "MQ=="},
      {"application/strategic-merge-patch+json", R"({"data":{"foo":"MQ=="}})", 200, "MQ=="},
      {"application/json-patch+json", R"([{"op":"replace","path":"/data/foo","value":"MQ=="}])",
       200, "MQ=="},
      {"application/json-patch+json", R"([{"op":"test","path":"/data/foo","value":"no"}])", 422,
       "YmFy"},
      {"application/merge-patch+json", R"({"metadata":{"resourceVersion":"1"}})", 409, "YmFy"},
      {"application/apply-patch+yaml", R"({})", 415, "YmFy"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.patch);
    ApiServer server;
    server.put(secret("s"));
    const auto reply = call(server, {.method = "PATCH",
                                     .target = below(secrets_path, "s"),
                                     .body = boost::json::parse(c.patch),
                                     .content_type = c.content_type});
    CHECK(reply.code == c.code);
    CHECK(text_at(*server.get("secrets", "default", "s"), "data.foo") == c.foo);
  }
}

TEST_CASE("lists select by labels and fields") {
  ApiServer server;
  for (const auto name : {"a", "b", "c"}) {
    Json object = secret(name);
    object.at("metadata").as_object()["labels"] = JsonObject{{"app", name}};
    server.put(with(object, "type", name == std::string("c") ? "kubernetes.io/x" : "Opaque"));
  }
  struct Case {
    const char* query;
    std::vector<std::string> expected;
  };
  const Case cases[] = {
      {"labelSelector=app%3Da", {"a"}},
      {"labelSelector=app+in+(a,b)", {"a", "b"}},
      {"labelSelector=app,app!%3Db", {"a", "c"}},
      {"labelSelector=!app", {}},
      {"labelSelector=app+notin+(a)", {"b", "c"}},
      {"fieldSelector=metadata.name%3Db", {"b"}},
      {"fieldSelector=type!%3DOpaque", {"c"}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.query);
    CHECK(names(call(server, {.target = std::string(secrets_path) + "?" + c.query}).body) ==
          c.expected);
  }
  CHECK(call(server, {.target = std::string(secrets_path) + "?fieldSelector=x%3Dy"}).code == 400);
}

TEST_CASE("pages of a list are of one moment, until it is compacted") {
  ApiServer server;
  for (const auto name : {"a", "b", "c"}) server.put(secret(name));
  const std::string path = std::string(secrets_path) + "?limit=2";
  const auto first = call(server, {.target = path});
  CHECK(names(first.body) == std::vector<std::string>{"a", "b"});
  server.remove("secrets", "default", "c");
  const auto next = path + "&continue=" + first.at("metadata.continue");
  const auto second = call(server, {.target = next});
  CHECK(names(second.body) == std::vector<std::string>{"c"});
  CHECK(second.at("metadata.resourceVersion") == first.at("metadata.resourceVersion"));
  CHECK(second.at("metadata.continue").empty());
  server.compact();
  const auto late = call(server, {.target = next});
  CHECK(late.code == 410);
  CHECK(late.at("reason") == "Expired");
}

TEST_CASE("metadata-only answers hold no data, and tables have the CRD's columns") {
  ApiServer server;
  server.install_crd(sealed_secret_crd);
  server.put(secret("s"));
  server.put(sealed_secret("s"));
  const std::string form = ";g=meta.k8s.io;v=v1";
  const auto list = call(
      server,
      {.target = secrets_path, .accept = "application/json;as=PartialObjectMetadataList" + form});
  CHECK(list.at("kind") == "PartialObjectMetadataList");
  CHECK(list.text.find("YmFy") == std::string::npos);
  const auto one = call(server, {.target = below(secrets_path, "s"),
                                 .accept = "application/json;as=PartialObjectMetadata" + form});
  CHECK(one.at("kind") == "PartialObjectMetadata");
  CHECK(one.at("metadata.name") == "s");
  const auto table =
      call(server, {.target = sealed_path, .accept = "application/json;as=Table" + form});
  CHECK(table.at("kind") == "Table");
  CHECK(table.text.find("\"Synced\"") != std::string::npos);
  CHECK(call(server, {.target = secrets_path, .accept = "application/yaml"}).code == 406);
}

TEST_CASE("deletion honours preconditions and finalizers") {
  ApiServer server;
  Json object = secret("s");
  object.at("metadata").as_object()["finalizers"] = JsonArray{"example.com/wait"};
  server.put(object);
  const Call wrong{.method = "DELETE",
                   .target = below(secrets_path, "s"),
                   .body = JsonObject{{"preconditions", JsonObject{{"uid", "other"}}}}};
  CHECK(call(server, wrong).code == 409);
  CHECK(call(server, {.method = "DELETE", .target = below(secrets_path, "s")}).code == 200);
  CHECK(find(*server.get("secrets", "default", "s"), "metadata.deletionTimestamp"));
  const Call release{.method = "PATCH",
                     .target = below(secrets_path, "s"),
                     .body = JsonObject{{"metadata", JsonObject{{"finalizers", nullptr}}}},
                     .content_type = "application/merge-patch+json"};
  CHECK(call(server, release).code == 200);
  CHECK_FALSE(server.get("secrets", "default", "s"));
}

}  // namespace bulla::test
