// SPDX-License-Identifier: Apache-2.0
#include "controller/secret_policy.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "json_text.hpp"

namespace bulla::test {

namespace {

constexpr auto key_label_text = "'sealedsecrets.bitnami.com/sealed-secrets-key'";

bulla::Options options() {
  bulla::Options all;
  all.own_namespace = "kube-system";
  return all;
}

std::string sealed_at(const std::string& ns, const std::string& name, const std::string& spec) {
  return "{'metadata':{'namespace':'" + ns + "','name':'" + name + "'},'spec':{" + spec + "}}";
}

std::string labelled(const std::string& value) {
  return "'template':{'metadata':{'labels':{" + std::string(key_label_text) + ":'" + value + "'}}}";
}

}  // namespace

TEST_CASE("in the controller's namespace no SealedSecret can become a sealing key") {
  const std::string a_key =
      "{'metadata':{'labels':{" + std::string(key_label_text) + ":'retired'}}}";
  struct Case {
    const char* name;
    std::string sealed;
    std::optional<std::string> secret;
    bool allowed;
  };
  const Case cases[] = {
      {"an ordinary one", sealed_at("kube-system", "s", ""), {}, true},
      {"label active", sealed_at("kube-system", "s", labelled("active")), {}, false},
      {"label of another value", sealed_at("kube-system", "s", labelled("")), {}, false},
      {"the legacy name", sealed_at("kube-system", "sealed-secrets-key", ""), {}, false},
      {"the V1 form", sealed_at("kube-system", "s", "'data':'AgA='"), {}, false},
      {"an existing key, retired", sealed_at("kube-system", "s", ""), a_key, false},
      {"an ordinary Secret", sealed_at("kube-system", "s", ""), "{'metadata':{}}", true},
      {"elsewhere: label", sealed_at("n", "s", labelled("active")), {}, true},
      {"elsewhere: legacy name", sealed_at("n", "sealed-secrets-key", ""), {}, true},
      {"elsewhere: the V1 form", sealed_at("n", "s", "'data':'AgA='"), {}, true},
      {"elsewhere: an existing key", sealed_at("n", "s", ""), a_key, true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto sealed = json_of(c.sealed);
    const auto secret = c.secret ? json_of(*c.secret) : boost::json::value();
    const auto checked = check_before_opening(options(), sealed, c.secret ? &secret : nullptr);
    CHECK(checked.has_value() == c.allowed);
    if (!checked) CHECK(checked.error().code == Errc::invalid_input);
  }
}

TEST_CASE("the legacy name is that of --key-prefix") {
  auto own = options();
  own.key_prefix = "my-keys";
  CHECK_FALSE(check_before_opening(own, json_of(sealed_at("kube-system", "my-keys", "")), nullptr)
                  .has_value());
  const auto old_name = json_of(sealed_at("kube-system", "sealed-secrets-key", ""));
  CHECK(check_before_opening(own, old_name, nullptr).has_value());
}

TEST_CASE("a key label is seen in what came out, too") {
  const std::string labels = "'labels':{" + std::string(key_label_text) + ":'x'}";
  auto here = json_of("{'metadata':{'namespace':'kube-system','name':'s'," + labels + "}}");
  CHECK_FALSE(check_opened(options(), here).has_value());
  auto elsewhere = json_of("{'metadata':{'namespace':'n','name':'s'," + labels + "}}");
  CHECK(check_opened(options(), elsewhere).has_value());
}

TEST_CASE("of a template's metadata only labels and annotations are taken") {
  auto secret = json_of(
      "{'metadata':{'name':'s','namespace':'n','labels':{'a':'1'},'annotations':{'b':'2'},"
      "'ownerReferences':[{'uid':'u'}],'finalizers':['x/y'],'generateName':'g','uid':'u',"
      "'resourceVersion':'1','generation':3,'selfLink':'/x','managedFields':[{'manager':'m'}],"
      "'creationTimestamp':'2026-01-01T00:00:00Z','deletionTimestamp':'2026-01-01T00:00:00Z',"
      "'deletionGracePeriodSeconds':1},'data':{'a':'Yg=='}}");
  REQUIRE(check_opened(options(), secret).has_value());
  CHECK(secret ==
        json_of("{'metadata':{'name':'s','namespace':'n','labels':{'a':'1'},'annotations':{'b':'2'}"
                ",'ownerReferences':[{'uid':'u'}]},'data':{'a':'Yg=='}}"));
}

TEST_CASE("types are allowed by name, and all of them without a list") {
  const auto of_type = [](const std::string& type) {
    return json_of("{'metadata':{'namespace':'n','name':'s'},'type':'" + type + "'}");
  };
  const std::string token = "kubernetes.io/service-account-token";
  auto any = of_type(token);
  CHECK(check_opened(options(), any).has_value());
  auto strict = options();
  strict.allowed_secret_types = {"Opaque", "kubernetes.io/tls"};
  auto refused = of_type(token);
  const auto checked = check_opened(strict, refused);
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().message.find(token) != std::string::npos);
  CHECK(checked.error().message.find("--allowed-secret-types") != std::string::npos);
  for (const auto* type : {"Opaque", "", "kubernetes.io/tls"}) {
    CAPTURE(type);
    auto secret = of_type(type);
    CHECK(check_opened(strict, secret).has_value());
  }
}

TEST_CASE("a Secret that a SealedSecret made has a mark") {
  const auto owned = [](const std::string& owner) {
    return json_of("{'metadata':{'ownerReferences':[{'kind':'Other'},{" + owner + "}]}}");
  };
  CHECK_FALSE(sealed_secret_mark(owned("'apiVersion':'bitnami.com/v1alpha1','kind':'SealedSecret'"))
                  .empty());
  CHECK_FALSE(
      sealed_secret_mark(owned("'apiVersion':'bitnami.com/v2','kind':'SealedSecret'")).empty());
  CHECK(
      sealed_secret_mark(owned("'apiVersion':'cert-manager.io/v1','kind':'Certificate'")).empty());
  CHECK(sealed_secret_mark(json_of("{'metadata':{'annotations':{'a':'b'}}}")).empty());
  for (const auto* name : {"managed", "patch", "skip-set-owner-references"}) {
    for (const auto* value : {"true", "false", ""}) {
      CAPTURE(name);
      const auto secret = json_of("{'metadata':{'annotations':{'sealedsecrets.bitnami.com/" +
                                  std::string(name) + "':'" + value + "'}}}");
      CHECK_FALSE(sealed_secret_mark(secret).empty());
    }
  }
}

}  // namespace bulla::test
