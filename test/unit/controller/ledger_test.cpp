// SPDX-License-Identifier: Apache-2.0
#include "controller/ledger.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "json_text.hpp"

namespace bulla::test {

namespace {

const kube::ObjectKey key{"n", "s"};

/// A SealedSecret; `more` goes into its metadata, `status` is its status.
boost::json::value sealed(std::string_view more = "", std::string_view status = "{}") {
  return json_of("{'metadata':{'namespace':'n','name':'s'," + std::string(more) +
                 "'resourceVersion':'1'},'status':" + std::string(status) + "}");
}

boost::json::value secret(std::string_view metadata = "'x':1") {
  return json_of("{'metadata':{'namespace':'n','name':'s'," + std::string(metadata) + "}}");
}

/// A ledger in which a pass over sealed("'uid':'u',") has ended so.
Ledger after(State state) {
  Ledger ledger;
  CHECK(ledger.sealed_secret_is(sealed("'uid':'u',")));
  ledger.pass_begins(sealed("'uid':'u',"));
  CHECK_FALSE(ledger.pass_ended(key, state));
  return ledger;
}

}  // namespace

TEST_CASE("changes that we read need a pass, others don't") {
  struct Case {
    const char* name;
    boost::json::value now;
    bool needs_pass;
  };
  const auto synced = "{'conditions':[{'type':'Synced','status':'True'}]}";
  const Case cases[] = {
      {"the same again", sealed("'uid':'u','generation':1,", synced), false},
      {"another resourceVersion alone",
       sealed("'resourceVersion':'9','uid':'u','generation':1,", synced), false},
      {"labels", sealed("'labels':{'a':'b'},'uid':'u','generation':1,", synced), false},
      {"annotations of others", sealed("'annotations':{'a':'b'},'uid':'u','generation':1,", synced),
       false},
      {"the spec", sealed("'uid':'u','generation':2,", synced), true},
      {"the scope",
       sealed("'annotations':{'sealedsecrets.bitnami.com/cluster-wide':'true'},'uid':'u',"
              "'generation':1,",
              synced),
       true},
      {"another object of that name", sealed("'uid':'u2','generation':1,", synced), true},
      {"somebody cleared the status", sealed("'uid':'u','generation':1,"), true},
      {"a time in the status",
       sealed("'uid':'u','generation':1,",
              "{'conditions':[{'type':'Synced','status':'True','lastUpdateTime':'x'}]}"),
       false},
      {"it is going", sealed("'deletionTimestamp':'x','uid':'u','generation':1,", synced), true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    Ledger ledger;
    CHECK(ledger.sealed_secret_is(sealed("'uid':'u','generation':1,", synced)));
    CHECK(ledger.sealed_secret_is(c.now) == c.needs_pass);
    CHECK_FALSE(ledger.sealed_secret_is(c.now));
  }
}

TEST_CASE("our own status write coming back is no news") {
  Ledger ledger = after(State::synced);
  const auto written = sealed("'uid':'u',", "{'conditions':[{'type':'Synced','status':'True'}]}");
  ledger.expect(written);
  CHECK_FALSE(ledger.sealed_secret_is(written));
}

TEST_CASE("a Secret that is gone comes back, unless it can't be made") {
  struct Case {
    State state;
    bool needs_pass;
  };
  const Case cases[] = {{State::unknown, true},  {State::synced, true},  {State::not_ours, true},
                        {State::rejected, true}, {State::no_key, false}, {State::broken, false}};
  for (const auto& c : cases) {
    CAPTURE(static_cast<int>(c.state));
    Ledger ledger = after(c.state);
    CHECK(ledger.secret_gone(key) == c.needs_pass);
  }
  Ledger empty;
  CHECK_FALSE(empty.secret_gone(key));
}

TEST_CASE("a blocking Secret that lets us in wakes the object, others don't") {
  const auto managed = secret("'annotations':{'sealedsecrets.bitnami.com/managed':'true'}");
  const auto ours = secret("'ownerReferences':[{'uid':'u','controller':true}]");
  CHECK(after(State::not_ours).secret_is(managed));
  CHECK(after(State::not_ours).secret_is(ours));
  CHECK_FALSE(after(State::not_ours).secret_is(secret()));
  CHECK_FALSE(after(State::synced).secret_is(managed));
  CHECK_FALSE(Ledger().secret_is(managed));
}

TEST_CASE("a change of the blocking Secret during the pass is not lost") {
  Ledger ledger;
  CHECK(ledger.sealed_secret_is(sealed("'uid':'u',")));
  ledger.pass_begins(sealed("'uid':'u',"));
  CHECK_FALSE(
      ledger.secret_is(secret("'annotations':{'sealedsecrets.bitnami.com/managed':'true'}")));
  CHECK(ledger.pass_ended(key, State::not_ours));

  ledger.pass_begins(sealed("'uid':'u',"));
  CHECK_FALSE(ledger.pass_ended(key, State::not_ours));
}

TEST_CASE("only those that failed to decrypt wait for keys") {
  CHECK(after(State::no_key).waiting_for_keys() == std::vector{key});
  for (const State other : {State::unknown, State::synced, State::broken, State::not_ours})
    CHECK(after(other).waiting_for_keys().empty());
}

TEST_CASE("an object that went during its pass stays forgotten") {
  Ledger ledger = after(State::synced);
  ledger.sealed_secret_gone(key);
  ledger.pass_begins(sealed("'uid':'u',"));
  CHECK_FALSE(ledger.pass_ended(key, State::not_ours));
  CHECK(ledger.size() == 0);
}

TEST_CASE("a roll tells who is missing") {
  Roll roll;
  roll.begin();
  roll.saw({"n", "a"});
  roll.saw({"n", "b"});
  CHECK(roll.missing({{"n", "a"}, {"n", "c"}}) == std::vector<kube::ObjectKey>{{"n", "c"}});
}

}  // namespace bulla::test
