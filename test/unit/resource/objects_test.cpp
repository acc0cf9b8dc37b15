// SPDX-License-Identifier: Apache-2.0
#include "resource/objects.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace bulla::test {

namespace {

namespace json = boost::json;

std::string secret_error(std::string_view text, Scalars scalars = Scalars::keep_their_kind) {
  const auto secret = Secret::from_json(json::parse({text.data(), text.size()}), scalars);
  return secret ? "" : secret.error().message;
}

}  // namespace

TEST_CASE("fields match in any case, unknown ones and nulls are dropped") {
  const auto secret = Secret::from_json(json::parse(
      R"({"Metadata":{"NAME":"n","colour":"red","labels":null},"type":null,"more":1,
          "stringdata":{"a":"b"}})"));
  REQUIRE(secret.has_value());
  CHECK(json::serialize(secret->metadata) == R"({"name":"n"})");
  CHECK(secret->type.empty());
  CHECK(secret->string_data.at("a").expose_secret_text() == "b");
}

TEST_CASE("what a Secret gets nothing of is dropped from a SealedSecret, and nothing else is") {
  auto document = json::parse(
      R"({"metadata":{"name":"s","namespace":"n"},"spec":{"encryptedData":{"a":"AAAA","b":[[0]],
          "c":null},"template":{"type":"t","data":{"d":"e"},"metadata":{"Labels":{"l":"m"},
          "annotations":{"o":"p"},"colour":[[[]]],"managedFields":[{"fieldsV1":{"x":[[]]}}],
          "ManagedFields":[],"finalizers":["q"]}}}})");
  auto expected = SealedSecret::from_json(document).value();
  expected.secret_template.metadata.erase("managedFields");

  SealedSecret::drop_unread(document);
  CHECK(SealedSecret::from_json(document)->to_json() == expected.to_json());
  const auto& metadata = document.at("spec").at("template").at("metadata").as_object();
  CHECK(metadata.size() == 3);
  CHECK(document.at("spec").at("encryptedData").at("b").is_null());

  for (const auto* odd : {"[]", "{}", R"({"spec":[]})", R"({"spec":{"template":[]}})",
                          R"({"spec":{"encryptedData":"x","template":{"metadata":[]}}})"}) {
    CAPTURE(odd);
    auto same = json::parse(odd);
    SealedSecret::drop_unread(same);
    CHECK(same == json::parse(odd));
  }
}

TEST_CASE("a value of the wrong kind is an error that names its field, not its value") {
  struct Case {
    const char* json;
    const char* message;
  };
  const Case cases[] = {
      {R"([1])", "a Secret must be a map, not a list"},
      {R"({"metadata":{"name":7}})", "metadata.name must be text, not a number"},
      {R"({"metadata":{"labels":["a"]}})", "metadata.labels must be a map, not a list"},
      {R"({"metadata":{"labels":{"a":true}}})",
       "metadata.labels.a must be text, not a truth value"},
      {R"({"data":"hunter2"})", "data must be a map, not text"},
      {R"({"data":{"a":7}})", "data.a must be base64 text, not a number"},
      {R"({"stringData":{"a":{"hunter2":1}}})", "stringData.a must be text, not a map"},
      {R"({"immutable":"hunter2"})", "immutable must be true or false, not text"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.json);
    CHECK(secret_error(c.json) == c.message);
  }
  CHECK(secret_error(R"({"data":{"a":"hunter2!"}})").starts_with("data.a: illegal base64 data"));
}

TEST_CASE("numbers and truths become text in YAML, and are errors in JSON") {
  const auto* text = R"({"stringData":{"a":1,"b":true,"c":1.5,"d":1e21}})";
  CHECK(secret_error(text) == "stringData.a must be text, not a number");
  const auto secret = Secret::from_json(json::parse(text), Scalars::become_text);
  REQUIRE(secret.has_value());
  CHECK(secret->string_data.at("a").expose_secret_text() == "1");
  CHECK(secret->string_data.at("b").expose_secret_text() == "true");
  CHECK(secret->string_data.at("c").expose_secret_text() == "1.5");
  CHECK(secret->string_data.at("d").expose_secret_text() == "1e+21");
}

// Go marshals a struct's fields as declared (ObjectMeta, k8s.io/apimachinery) and maps by key.
TEST_CASE("metadata is printed in ObjectMeta's order, whatever was added or taken out before") {
  auto secret = Secret::from_json(json::parse(
      R"({"metadata":{"managedFields":[{"manager":"m"}],"uid":"u","finalizers":["f"],
          "annotations":{"b":"2","a":"1"},"generateName":"g-","namespace":"n"}})"));
  REQUIRE(secret.has_value());
  secret->metadata.erase("uid");
  secret->metadata.insert_or_assign("name", "late");
  CHECK(json::serialize(secret->to_json().at("metadata")) ==
        R"({"name":"late","generateName":"g-","namespace":"n","annotations":{"a":"1","b":"2"},)"
        R"("finalizers":["f"],"managedFields":[{"manager":"m"}]})");
}

TEST_CASE("an item of a SealedSecret that is no text spoils only itself") {
  const auto sealed =
      SealedSecret::from_json(json::parse(R"({"spec":{"encryptedData":{"a":7,"b":"AgB="}}})"));
  REQUIRE(sealed.has_value());
  CHECK(sealed->encrypted_data == std::map<std::string, std::string>{{"a", ""}, {"b", "AgB="}});
}

TEST_CASE("null entries of template.data are kept, in their place among the others") {
  const auto object = json::parse(R"({"metadata":{"name":"a"},"spec":{"encryptedData":{},
      "template":{"data":{"c":"x","b":null,"a":""}}}})");
  const auto sealed = SealedSecret::from_json(object);
  REQUIRE(sealed.has_value());
  CHECK(json::serialize(sealed->to_json().at("spec").at("template").at("data")) ==
        R"({"a":"","b":null,"c":"x"})");
}

}  // namespace bulla::test
