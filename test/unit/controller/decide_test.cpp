// SPDX-License-Identifier: Apache-2.0
#include "controller/decide.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "controller/secret_update.hpp"
#include "json_text.hpp"

namespace bulla::test {

namespace {

constexpr auto sealed = "{'metadata':{'name':'s','uid':'u1'},'spec':{}}";
constexpr auto sealed_going =
    "{'metadata':{'name':'s','uid':'u1','deletionTimestamp':'2026-01-02T15:04:05Z'},'spec':{}}";
constexpr auto sealed_without_owner =
    "{'metadata':{'name':'s','uid':'u1'},'spec':{'template':{'metadata':{'annotations':{"
    "'sealedsecrets.bitnami.com/skip-set-owner-references':'true'}}}}}";

std::string annotated(std::string_view annotations) {
  return "{'metadata':{'annotations':{" + std::string(annotations) + "}}}";
}
std::string owned(std::string_view owner) {
  return "{'metadata':{'ownerReferences':[{'kind':'SealedSecret','name':'s'," + std::string(owner) +
         "}]}}";
}

}  // namespace

TEST_CASE("what happens to a Secret depends on whose it is") {
  const std::string managed = "'sealedsecrets.bitnami.com/managed':'true'";
  const std::string patch = "'sealedsecrets.bitnami.com/patch':'true'";
  struct Case {
    const char* name;
    const char* sealed_secret;
    std::optional<std::string> secret;
    Action expected;
  };
  const Case cases[] = {
      {"missing: created", sealed, {}, Action::create},
      {"missing, but the SealedSecret is going: left alone", sealed_going, {}, Action::nothing},
      {"ours by uid: made equal", sealed, owned("'uid':'u1','controller':true"),
       Action::make_equal},
      {"of an earlier SealedSecret of that name: refused", sealed,
       owned("'uid':'u0','controller':true"), Action::refuse},
      {"owned, but not controlled: refused", sealed, owned("'uid':'u1'"), Action::refuse},
      {"nobody's: refused", sealed, "{'metadata':{}}", Action::refuse},
      {"managed: made equal", sealed, annotated(managed), Action::make_equal},
      {"managed only when it says true", sealed,
       annotated("'sealedsecrets.bitnami.com/managed':'yes'"), Action::refuse},
      {"patch: merged", sealed, annotated(patch), Action::merge},
      {"patch and managed: merged and owned", sealed, annotated(patch + "," + managed),
       Action::merge_and_own},
      {"nobody's, and the template wants no owner: compared", sealed_without_owner,
       "{'metadata':{}}", Action::compare},
      {"ours, although the template wants no owner: made equal", sealed_without_owner,
       owned("'uid':'u1','controller':true"), Action::make_equal},
      {"there, and the SealedSecret is going: left alone", sealed_going,
       owned("'uid':'u1','controller':true"), Action::nothing},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto object = json_of(c.sealed_secret);
    std::optional<boost::json::value> secret;
    if (c.secret) secret = json_of(*c.secret);
    CHECK(decide(object, secret ? &*secret : nullptr) == c.expected);
  }
}

TEST_CASE("an update changes what the SealedSecret says and keeps the rest") {
  struct Case {
    const char* name;
    Action action;
    const char* existing;
    const char* desired;
    SecretWrite::Kind kind;
    const char* expected;  ///< of a put
  };
  const auto none = SecretWrite::Kind::none;
  const auto put = SecretWrite::Kind::put;
  const auto immutable = SecretWrite::Kind::immutable;
  const Case cases[] = {
      {"equal: nothing is written", Action::make_equal,
       "{'metadata':{'resourceVersion':'7','labels':{'a':'b'}},'data':{'k':'dg=='},"
       "'type':'Opaque'}",
       "{'metadata':{'labels':{'a':'b'}},'data':{'k':'dg=='}}", none, ""},
      {"items, labels, annotations and owners are replaced, unknown fields and version stay",
       Action::make_equal,
       "{'metadata':{'resourceVersion':'7','labels':{'a':'b'},'annotations':{'x':'y'},"
       "'finalizers':['f']},'data':{'old':'dg=='},'type':'Opaque','future':{'x':1}}",
       "{'metadata':{'labels':{'l':'v'},'ownerReferences':[{'uid':'u1'}]},'data':{'k':'dg=='}}",
       put,
       "{'metadata':{'resourceVersion':'7','labels':{'l':'v'},'finalizers':['f'],"
       "'ownerReferences':[{'uid':'u1'}]},'data':{'k':'dg=='},'type':'Opaque','future':{'x':1}}"},
      {"patch adds and overwrites, and takes no ownership", Action::merge,
       "{'metadata':{'labels':{'a':'b'}},'data':{'k':'b2xk','kept':'aw=='},'type':'t'}",
       "{'metadata':{'labels':{'l':'v'},'annotations':{'n':'1'},'ownerReferences':[{'uid':'u1'}]},"
       "'data':{'k':'dg=='}}",
       put,
       "{'metadata':{'labels':{'a':'b','l':'v'},'annotations':{'n':'1'}},"
       "'data':{'k':'dg==','kept':'aw=='},'type':'t'}"},
      {"patch and managed takes ownership too", Action::merge_and_own,
       "{'metadata':{},'data':{'kept':'aw=='},'type':'t'}",
       "{'metadata':{'ownerReferences':[{'uid':'u1'}]},'data':{'k':'dg=='}}", put,
       "{'metadata':{'ownerReferences':[{'uid':'u1'}]},'data':{'kept':'aw==','k':'dg=='},"
       "'type':'t'}"},
      {"patch that says nothing new writes nothing", Action::merge,
       "{'metadata':{'labels':{'a':'b'}},'data':{'k':'dg==','kept':'aw=='},'type':'t'}",
       "{'metadata':{'labels':{'a':'b'}},'data':{'k':'dg=='}}", none, ""},
      {"a type that differs is sent, for the API server to say why not", Action::make_equal,
       "{'metadata':{},'data':{'k':'dg=='},'type':'Opaque'}",
       "{'metadata':{},'data':{'k':'dg=='},'type':'x/y'}", put,
       "{'metadata':{},'data':{'k':'dg=='},'type':'x/y'}"},
      {"a Secret becomes immutable", Action::make_equal,
       "{'metadata':{},'data':{'k':'dg=='},'type':'Opaque'}",
       "{'metadata':{},'data':{'k':'dg=='},'immutable':true}", put,
       "{'metadata':{},'data':{'k':'dg=='},'type':'Opaque','immutable':true}"},
      {"an immutable Secret with other data can't be updated", Action::make_equal,
       "{'metadata':{},'data':{'k':'b2xk'},'type':'Opaque','immutable':true}",
       "{'metadata':{},'data':{'k':'dg=='},'immutable':true}", immutable, ""},
      {"nor merged into", Action::merge,
       "{'metadata':{},'data':{'k':'b2xk'},'type':'Opaque','immutable':true}",
       "{'metadata':{},'data':{'n':'dg=='}}", immutable, ""},
      {"an immutable Secret's labels can", Action::make_equal,
       "{'metadata':{},'data':{'k':'dg=='},'type':'Opaque','immutable':true}",
       "{'metadata':{'labels':{'l':'v'}},'data':{'k':'dg=='},'immutable':true}", put,
       "{'metadata':{'labels':{'l':'v'}},'data':{'k':'dg=='},'type':'Opaque','immutable':true}"},
      {"no items at all", Action::make_equal, "{'metadata':{},'type':'Opaque'}",
       "{'metadata':{},'data':{}}", none, ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto write = plan_update(c.action, json_of(c.existing), json_of(c.desired));
    CHECK(write.kind == c.kind);
    if (c.kind == put && write.kind == put) CHECK(write.object == json_of(c.expected));
  }
}

TEST_CASE("a planned write lies in wiping memory") {
  const auto write = plan_update(Action::make_equal, json_of("{'metadata':{},'data':{'k':'b2xk'}}"),
                                 json_of("{'metadata':{},'data':{'k':'dg=='}}"));
  REQUIRE(write.kind == SecretWrite::Kind::put);
  CHECK(*write.object.storage() == *wiping_memory());
  CHECK(*write.object.at("data").at("k").storage() == *wiping_memory());
}

}  // namespace bulla::test
