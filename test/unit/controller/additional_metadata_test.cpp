// SPDX-License-Identifier: Apache-2.0
#include "controller/additional_metadata.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "base/limits.hpp"
#include "json_text.hpp"

namespace bulla::test {

namespace {

const AdditionalMetadata team{{{"team", "a"}, {"tier", "1"}}, {{"note", "x"}}};

/// What check() says; empty when all is fine.
std::string said(const AdditionalMetadata& added) {
  const auto fine = added.check();
  return fine ? "" : fine.error().message;
}

boost::json::value sealed(std::string_view spec) {
  return json_of(
      "{'apiVersion':'bitnami.com/v1alpha1','kind':'SealedSecret',"
      "'metadata':{'name':'s','namespace':'n','uid':'u'},'spec':" +
      std::string(spec) + "}");
}

constexpr auto plain_spec = "{'encryptedData':{'a':'AA=='},'template':{'metadata':{}}}";

}  // namespace

TEST_CASE("what no label or annotation can be called is refused at the start") {
  struct Case {
    const char* name;
    const char* of_label;       ///< what is said of a label; empty: fine
    const char* of_annotation;  ///< the same
  };
  const std::string long_word(64, 'a');
  const std::string long_domain = std::string(254, 'a') + "/x";
  constexpr auto no_name = "is no name for it";
  const Case cases[] = {
      {"team", "", ""},
      {"A.b_c-9", "", ""},
      {"example.com/team", "", ""},
      {"Example.com/team", no_name, ""},
      {"", no_name, no_name},
      {"/team", no_name, no_name},
      {"example.com/", no_name, no_name},
      {"a/b/c", no_name, no_name},
      {"-team", no_name, no_name},
      {"team-", no_name, no_name},
      {"te am", no_name, no_name},
      {"example..com/team", no_name, no_name},
      {"-example.com/team", no_name, no_name},
      {"t\xC3\xA4m", no_name, no_name},
      {long_word.c_str(), no_name, no_name},
      {long_domain.c_str(), no_name, no_name},
      {"sealedsecrets.bitnami.com/sealed-secrets-key", "Sealed Secrets itself",
       "Sealed Secrets itself"},
      {"sealedsecrets.bitnami.com/managed", "Sealed Secrets itself", "Sealed Secrets itself"},
      {"SealedSecrets.Bitnami.com/patch", no_name, "Sealed Secrets itself"},
      {"bitnami.com/x", "Sealed Secrets itself", "Sealed Secrets itself"},
      {"notbitnami.com/x", "", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto of_label = said({{{c.name, "v"}}, {}});
    const auto of_annotation = said({{}, {{c.name, "v"}}});
    CHECK(of_label.empty() == (*c.of_label == 0));
    CHECK(of_label.find(c.of_label) != std::string::npos);
    CHECK(of_annotation.empty() == (*c.of_annotation == 0));
    CHECK(of_annotation.find(c.of_annotation) != std::string::npos);
    if (!of_label.empty()) CHECK(of_label.starts_with("--additional-secret-labels: \""));
  }
}

TEST_CASE("values of labels are words, those of annotations are text") {
  struct Case {
    std::string value;
    bool of_label;
    bool of_annotation;
  };
  const Case cases[] = {
      {"", true, true},           {"A-b_c.9", true, true}, {std::string(63, 'a'), true, true},
      {"a b", false, true},       {"-a", false, true},     {std::string(64, 'a'), false, true},
      {"{\"a\":1}", false, true}, {"\xff", false, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.value);
    CHECK(said({{{"l", c.value}}, {}}).empty() == c.of_label);
    CHECK(said({{}, {{"l", c.value}}}).empty() == c.of_annotation);
  }
}

TEST_CASE("annotations leave room for those of templates") {
  const std::string most(limits::additional_annotations_bytes_max - 1, 'x');
  CHECK(said({{}, {{"a", most}}}).empty());
  CHECK(said({{}, {{"a", most}, {"b", ""}}}).find("at most 65536") != std::string::npos);
}

TEST_CASE("the digest tells any two apart") {
  CHECK(AdditionalMetadata().digest().empty());
  const AdditionalMetadata different[] = {
      team,
      {{{"team", "a"}}, {}},
      {{}, {{"team", "a"}}},
      {{{"tea", "ma"}}, {}},
      {{{"team", ""}}, {}},
      {{{"team", "a"}}, {{"team", "a"}}},
  };
  std::set<std::string> digests;
  for (const auto& one : different) digests.insert(one.digest());
  CHECK(digests.size() == std::size(different));
  CHECK(team.digest() == AdditionalMetadata(team).digest());
}

TEST_CASE("the template wins, and a Secret that is somebody else's gets nothing") {
  struct Case {
    Action action;
    bool added;
  };
  const Case cases[] = {
      {Action::create, true}, {Action::make_equal, true}, {Action::merge_and_own, true},
      {Action::merge, false}, {Action::compare, false},
  };
  for (const auto& c : cases) {
    auto secret = json_of("{'metadata':{'name':'s','labels':{'team':'mine'}}}");
    team.add_to(secret, c.action);
    CHECK(secret == (c.added
                         ? json_of("{'metadata':{'name':'s','labels':{'team':'mine','tier':'1'},"
                                   "'annotations':{'note':'x'}}}")
                         : json_of("{'metadata':{'name':'s','labels':{'team':'mine'}}}")));
  }
}

TEST_CASE("a Secret gets what it lacks, loses what it had from other flags, and keeps its items") {
  const auto object =
      sealed("{'encryptedData':{'a':'AA=='},'template':{'metadata':{'labels':{'team':'mine'}}}}");
  const auto before = json_of(
      "{'metadata':{'name':'s','namespace':'n','resourceVersion':'7',"
      "'labels':{'old':'x','team':'mine'},'annotations':{'old':'y'}},'data':{'a':'eA=='}}");
  const auto after = json_of(
      "{'metadata':{'name':'s','namespace':'n','resourceVersion':'7',"
      "'labels':{'team':'mine','tier':'1'},'annotations':{'note':'x'}},'data':{'a':'eA=='}}");
  const auto plan = team.plan(object, before, Action::make_equal);
  REQUIRE(plan.has_value());
  CHECK(plan->kind == SecretWrite::Kind::put);
  auto written = plan->object;
  written.as_object().erase("type");  // the API server's own default
  CHECK(written == after);

  auto opaque = after;
  opaque.as_object()["type"] = "Opaque";
  CHECK(team.plan(object, opaque, Action::make_equal)->kind == SecretWrite::Kind::none);
  CHECK(team.plan(object, before, Action::merge)->kind == SecretWrite::Kind::none);
}

TEST_CASE("an immutable Secret gets them as well: its items stay as they are") {
  const auto secret =
      json_of("{'metadata':{'name':'s'},'type':'Opaque','immutable':true,'data':{'a':'eA=='}}");
  CHECK(team.plan(sealed(plain_spec), secret, Action::make_equal)->kind == SecretWrite::Kind::put);
}

TEST_CASE("nobody can tell the template of the deprecated form without opening it") {
  const auto object = sealed("{'data':'AA=='}");
  CHECK_FALSE(team.plan(object, json_of("{'metadata':{}}"), Action::make_equal).has_value());
}

}  // namespace bulla::test
