// SPDX-License-Identifier: Apache-2.0
#include "controller/ledger.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "json_text.hpp"

namespace bulla::test {

namespace {

using SecretNews = Ledger::SecretNews;

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
  CHECK_FALSE(ledger.pass_ended(key, {state}));
  return ledger;
}

/// The Secret in a version of its own.
boost::json::value secret_at(std::string_view version, std::string_view uid = "su") {
  return secret("'uid':'" + std::string(uid) + "','resourceVersion':'" + std::string(version) +
                "'");
}
SecretVersion at(std::string_view version) { return version_of_secret("su", version); }

/// A status that records that all was well with the Secret in version 7.
constexpr auto recorded =
    "{'observedGeneration':1,'scope':'strict','sealingKeys':['SHA256:k1'],"
    "'secret':{'uid':'su','resourceVersion':'7'},"
    "'conditions':[{'type':'Synced','status':'True'},{'type':'Ready','status':'True'}]}";

/// A ledger that knows such an object, and trusts it.
Ledger trusting(bool repairs_drift = true) {
  Ledger ledger(repairs_drift);
  CHECK_FALSE(ledger.sealed_secret_is(sealed("'uid':'u','generation':1,", recorded),
                                      Ledger::Trust::status));
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
      {"somebody cleared the status", sealed("'uid':'u','generation':1,"), false},
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
  CHECK_FALSE(ledger.status_is_foreign(written));
}

TEST_CASE("a status that somebody else wrote is foreign, once, and no reason to open anything") {
  const auto ours = sealed("'uid':'u',", "{'conditions':[{'type':'Synced','status':'True'}]}");
  const auto later = sealed(
      "'uid':'u',", "{'conditions':[{'type':'Synced','status':'True','lastUpdateTime':'x'}]}");
  const auto theirs = sealed("'uid':'u',", "{'conditions':[{'type':'Synced','status':'False'}]}");
  Ledger ledger = after(State::synced);
  ledger.expect(ours);
  CHECK_FALSE(ledger.status_is_foreign(later));
  CHECK_FALSE(ledger.sealed_secret_is(theirs));
  CHECK(ledger.status_is_foreign(theirs));
  CHECK_FALSE(ledger.status_is_foreign(theirs));
  ledger.expect(ours);
  CHECK(ledger.status_is_foreign(sealed("'uid':'u',")));  // cleared

  Ledger stand_by(true, Ledger::Role::stands_by);
  (void)stand_by.sealed_secret_is(ours);
  CHECK_FALSE(stand_by.status_is_foreign(theirs));
}

TEST_CASE("the Secret that is right is known while the object is the same and nothing drifted") {
  const auto object = sealed("'uid':'u','generation':1,");
  Ledger ledger;
  CHECK(ledger.right_secret(object) == 0);
  (void)ledger.sealed_secret_is(object);
  ledger.pass_begins(object);
  CHECK(ledger.right_secret(object) == 0);
  const auto right = version_of_secret("su", "7");
  (void)ledger.pass_ended({"n", "s"}, {State::synced, right});
  CHECK(ledger.right_secret(object) == right);
  CHECK(ledger.right_secret(sealed("'uid':'u','generation':2,")) == 0);
  CHECK(ledger.right_secret(sealed("'uid':'u2','generation':1,")) == 0);

  CHECK(ledger.secret_is(secret_at("8")) == SecretNews::drifted);
  CHECK(ledger.right_secret(object) == 0);
  CHECK(ledger.once_right_secret(object) == right);
  CHECK(ledger.once_right_secret(sealed("'uid':'u','generation':2,")) == 0);
  ledger.pass_begins(object);
  CHECK(ledger.right_secret(object) == 0);
  CHECK(ledger.once_right_secret(object) == 0);
}

TEST_CASE("what changed during a pass is not what the pass left right") {
  const auto object = sealed("'uid':'u','generation':1,");
  const auto changed = sealed("'uid':'u','generation':2,");
  Ledger ledger;
  (void)ledger.sealed_secret_is(object);
  ledger.pass_begins(object);
  CHECK(ledger.sealed_secret_is(changed));
  (void)ledger.pass_ended({"n", "s"}, {State::synced, version_of_secret("su", "7")});
  CHECK(ledger.right_secret(changed) == 0);
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
  CHECK(after(State::not_ours).secret_is(managed) == SecretNews::free);
  CHECK(after(State::not_ours).secret_is(ours) == SecretNews::free);
  CHECK(after(State::not_ours).secret_is(secret()) == SecretNews::none);
  CHECK(after(State::synced).secret_is(managed) == SecretNews::none);
  CHECK(Ledger().secret_is(managed) == SecretNews::none);
}

TEST_CASE("a change of the blocking Secret during the pass is not lost") {
  Ledger ledger;
  CHECK(ledger.sealed_secret_is(sealed("'uid':'u',")));
  ledger.pass_begins(sealed("'uid':'u',"));
  CHECK(ledger.secret_is(secret("'annotations':{'sealedsecrets.bitnami.com/managed':'true'}")) ==
        SecretNews::none);
  CHECK(ledger.pass_ended(key, {State::not_ours}));

  ledger.pass_begins(sealed("'uid':'u',"));
  CHECK_FALSE(ledger.pass_ended(key, {State::not_ours}));
}

TEST_CASE(
    "after the store went back in time, what is the same by its versions is looked at again") {
  Ledger ledger = after(State::no_key);
  CHECK_FALSE(ledger.sealed_secret_is(sealed("'uid':'u',")));
  ledger.doubt_everything();
  CHECK(ledger.right_secret(sealed("'uid':'u',")) == 0);
  CHECK(ledger.sealed_secret_is(sealed("'uid':'u',")));
  CHECK_FALSE(ledger.sealed_secret_is(sealed("'uid':'u',")));
}

TEST_CASE("another object of the same name has nothing from the one before, not even its keys") {
  Ledger ledger;
  CHECK(ledger.sealed_secret_is(sealed("'uid':'u',")));
  ledger.pass_begins(sealed("'uid':'u',"));
  CHECK_FALSE(ledger.pass_ended(key, {State::synced, 0, {"SHA256:k1"}}));
  CHECK(ledger.sealing_keys(key) == std::vector<std::string>{"SHA256:k1"});
  CHECK(ledger.dependents_of("SHA256:k1") == 1);
  ledger.pass_begins(sealed("'uid':'u',"));
  CHECK(ledger.dependents_of("SHA256:k1") == 1);
  ledger.pass_begins(sealed("'uid':'v',"));
  CHECK(ledger.sealing_keys(key).empty());
  CHECK(ledger.dependents_of("SHA256:k1") == 0);
}

TEST_CASE("a Secret that was written under other flags needs a pass, and nothing opened") {
  const auto under = [](std::string_view flags, Ledger::Role role = Ledger::Role::leads) {
    Ledger ledger(true, role, std::string(flags));
    CHECK_FALSE(ledger.sealed_secret_is(sealed("'uid':'u','generation':1,", recorded),
                                        Ledger::Trust::status));
    return ledger;
  };
  Ledger same = under("");
  CHECK(same.secret_is(secret_at("7")) == SecretNews::none);
  CHECK_FALSE(same.is_under_other_flags(key));

  Ledger other = under("SHA256:flags");
  CHECK(other.secret_is(secret_at("7")) == SecretNews::differs);
  CHECK(other.is_under_other_flags(key));
  const auto object = sealed("'uid':'u','generation':1,", recorded);
  CHECK(other.right_secret(object) == at("7"));
  other.pass_begins(object);
  CHECK_FALSE(other.is_under_other_flags(key));

  // A stand-by of other flags than the leader's sees to it when it leads.
  Ledger next = under("SHA256:flags", Ledger::Role::stands_by);
  CHECK(next.secret_is(secret_at("7")) == SecretNews::none);
  CHECK(next.take_recorded("").empty());
  CHECK(next.unsettled("") == std::vector<kube::ObjectKey>{key});
}

TEST_CASE("an object that was not opened as it is now depends on nobody knows which key") {
  const auto first = sealed("'uid':'u','generation':1,");
  const auto edited = sealed("'uid':'u','generation':2,");
  Ledger ledger;
  CHECK(ledger.sealed_secret_is(first));
  CHECK(ledger.unknown_dependents() == 1);  // nobody has looked yet
  ledger.pass_begins(first);
  CHECK_FALSE(ledger.pass_ended(key, {State::no_key}));
  CHECK(ledger.unknown_dependents() == 1);
  ledger.pass_begins(first);
  CHECK_FALSE(ledger.pass_ended(key, {State::synced, 0, {"SHA256:k1"}}));
  CHECK(ledger.unknown_dependents() == 0);

  // It may have been sealed anew, for another key; its Secret still came from this one.
  CHECK(ledger.sealed_secret_is(edited));
  CHECK(ledger.unknown_dependents() == 1);
  CHECK(ledger.dependents_of("SHA256:k1") == 1);
  ledger.pass_begins(edited);
  CHECK_FALSE(ledger.pass_ended(key, {State::not_ours}));
  CHECK(ledger.unknown_dependents() == 1);
  ledger.pass_begins(edited);
  CHECK_FALSE(ledger.pass_ended(key, {State::rejected, 0, {"SHA256:k2"}}));
  CHECK(ledger.unknown_dependents() == 0);
  CHECK(ledger.dependents_of("SHA256:k1") == 0);
  CHECK(ledger.dependents_of("SHA256:k2") == 1);

  // What opened once depends on that key, also while it does not open.
  ledger.pass_begins(edited);
  CHECK_FALSE(ledger.pass_ended(key, {State::no_key}));
  CHECK(ledger.unknown_dependents() == 0);
  CHECK(trusting().unknown_dependents() == 0);
}

TEST_CASE("a record is trusted until the Secrets are listed, and is right or not") {
  Ledger right = trusting();
  CHECK(right.secret_is(secret_at("7")) == SecretNews::none);
  CHECK(right.take_recorded("").empty());
  CHECK(right.sealing_keys(key) == std::vector<std::string>{"SHA256:k1"});

  Ledger changed = trusting();
  CHECK(changed.secret_is(secret_at("8")) == SecretNews::differs);
  Ledger made_anew = trusting();
  CHECK(made_anew.secret_is(secret_at("7", "su2")) == SecretNews::differs);
  Ledger missing = trusting();
  CHECK(missing.secret_gone(key));
  CHECK(missing.take_recorded("").empty());

  Ledger unlisted = trusting();
  CHECK(unlisted.take_recorded("other").empty());
  CHECK(unlisted.take_recorded("n") == std::vector{key});
  CHECK(unlisted.take_recorded("n").empty());

  Ledger edited = trusting();
  CHECK(edited.sealed_secret_is(sealed("'uid':'u','generation':2,", recorded)));
  CHECK(edited.secret_is(secret_at("7")) == SecretNews::none);
  CHECK(edited.take_recorded("").empty());

  Ledger untrusting;
  CHECK(untrusting.sealed_secret_is(sealed("'uid':'u','generation':1,", recorded)));
}

TEST_CASE("what was right and changes has drifted, but not by our own hand") {
  Ledger ledger = after(State::synced);
  ledger.pass_begins(sealed("'uid':'u',"));
  CHECK(ledger.secret_is(secret_at("6")) == SecretNews::none);
  CHECK(ledger.secret_is(secret_at("7")) == SecretNews::none);
  CHECK_FALSE(ledger.pass_ended(key, {State::synced, at("7")}));
  CHECK(ledger.secret_is(secret_at("7")) == SecretNews::none);
  CHECK(ledger.secret_is(secret_at("8")) == SecretNews::drifted);
  // The pass is due: what comes until then is no news.
  CHECK(ledger.secret_is(secret_at("9")) == SecretNews::none);
}

TEST_CASE("a change of the Secret that the pass can't have seen needs another one") {
  Ledger ledger = after(State::synced);
  ledger.pass_begins(sealed("'uid':'u',"));
  CHECK(ledger.secret_is(secret_at("8")) == SecretNews::none);
  CHECK(ledger.pass_ended(key, {State::synced, at("7")}));
}

TEST_CASE("drift is no news where it is not repaired, or the Secret is not ours") {
  Ledger lenient = trusting(false);
  CHECK(lenient.secret_is(secret_at("7")) == SecretNews::none);
  CHECK(lenient.secret_is(secret_at("8")) == SecretNews::none);
  Ledger stranger = after(State::synced);
  CHECK(stranger.secret_is(secret_at("8")) == SecretNews::none);
}

TEST_CASE("how many objects depend on a key") {
  Ledger ledger = trusting();
  CHECK(ledger.dependents() == std::map<std::string, std::size_t>{{"SHA256:k1", 1}});
  ledger.pass_begins(sealed("'uid':'u',"));
  CHECK_FALSE(ledger.pass_ended(key, {State::synced, 0, {"SHA256:k2", "SHA256:k1"}}));
  CHECK(ledger.dependents() ==
        std::map<std::string, std::size_t>{{"SHA256:k1", 1}, {"SHA256:k2", 1}});
  // What does not open now still depends on what opened it.
  ledger.pass_begins(sealed("'uid':'u',"));
  CHECK_FALSE(ledger.pass_ended(key, {State::no_key}));
  CHECK(ledger.dependents().size() == 2);
  ledger.sealed_secret_gone(key);
  CHECK(ledger.dependents().empty());
}

TEST_CASE("the gone are remembered only where their Secrets are to be deleted") {
  Ledger ledger = after(State::synced);
  ledger.sealed_secret_gone(key);
  CHECK_FALSE(ledger.uid_of_gone(key).has_value());
  Ledger collector = after(State::synced);
  collector.remember_the_gone();
  collector.sealed_secret_gone(key);
  CHECK(collector.uid_of_gone(key) == "u");
  collector.forget_the_gone(key);
  CHECK_FALSE(collector.uid_of_gone(key).has_value());
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
  CHECK_FALSE(ledger.pass_ended(key, {State::not_ours}));
  CHECK(ledger.size() == 0);
}

TEST_CASE("a roll tells who is missing") {
  Roll roll;
  roll.begin();
  roll.saw({"n", "a"});
  roll.saw({"n", "b"});
  CHECK(roll.missing({{"n", "a"}, {"n", "c"}}) == std::vector<kube::ObjectKey>{{"n", "c"}});
}

TEST_CASE("rejections are counted in a row, and from the last edit on") {
  Ledger ledger = after(State::rejected);
  CHECK(ledger.rejections(key) == 1);
  const auto once_more = [&](State state) {
    ledger.pass_begins(sealed("'uid':'u',"));
    (void)ledger.pass_ended(key, {state});
  };
  once_more(State::rejected);
  CHECK(ledger.rejections(key) == 2);
  SUBCASE("another end") {
    once_more(State::unknown);
    CHECK(ledger.rejections(key) == 0);
  }
  SUBCASE("an edit") {
    CHECK(ledger.sealed_secret_is(sealed("'uid':'u','generation':2,")));
    CHECK(ledger.rejections(key) == 0);
  }
  CHECK(ledger.rejections({"n", "other"}) == 0);
}

TEST_CASE("a stand-by follows the leader, and takes over what nothing vouches for") {
  const auto as_recorded = sealed("'uid':'u','generation':1,", recorded);
  const auto edited = sealed("'uid':'u','generation':2,", recorded);
  using Step = std::function<void(Ledger&)>;
  const auto object = [](boost::json::value now) -> Step {
    return [now](Ledger& l) { CHECK_FALSE(l.sealed_secret_is(now, Ledger::Trust::status)); };
  };
  const auto version = [](const char* now) -> Step {
    return [now](Ledger& l) { CHECK(l.secret_is(secret_at(now)) == SecretNews::none); };
  };
  const Step secret_goes = [](Ledger& l) { CHECK_FALSE(l.secret_gone(key)); };
  struct Case {
    const char* name;
    std::vector<Step> steps;
    bool settled;
  };
  const Case cases[] = {
      {"recorded, then the Secret is shown", {object(as_recorded), version("7")}, true},
      {"the leader rewrote the Secret, and recorded it",
       {object(as_recorded), version("6"), version("7"), object(as_recorded)},
       true},
      {"the record came before the Secret's news",
       {object(as_recorded), version("6"), object(as_recorded), version("7")},
       true},
      {"another version than the recorded one",
       {object(as_recorded), version("7"), version("8")},
       false},
      {"the Secret is gone", {object(as_recorded), version("7"), secret_goes}, false},
      {"the Secret was never shown", {object(as_recorded)}, false},
      {"an edit that nobody has seen to",
       {object(as_recorded), version("7"), object(edited)},
       false},
      {"no record", {object(sealed("'uid':'u','generation':1,")), version("7")}, false},
      {"another object of that name, recorded",
       {object(as_recorded), version("7"), object(sealed("'uid':'u2','generation':1,", recorded))},
       false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    Ledger ledger(true, Ledger::Role::stands_by);
    for (const auto& step : c.steps) step(ledger);
    ledger.lead();
    (void)ledger.take_recorded("");
    CHECK(ledger.unsettled("").empty() == c.settled);
    CHECK(ledger.unsettled("elsewhere").empty());
    // What was settled is from now on kept right.
    if (c.settled) CHECK(ledger.secret_is(secret_at("9")) == SecretNews::drifted);
  }
}

TEST_CASE("a stand-by remembers who is gone until the Secret is gone too") {
  Ledger ledger(true, Ledger::Role::stands_by);
  ledger.remember_the_gone();
  (void)ledger.sealed_secret_is(sealed("'uid':'u',"), Ledger::Trust::status);
  ledger.sealed_secret_gone(key);
  CHECK(ledger.unsettled("n") == std::vector{key});
  SUBCASE("not before it leads") {
    ledger.lead();
    CHECK(ledger.uid_of_gone(key) == "u");
  }
  SUBCASE("the leader deleted the Secret") {
    (void)ledger.secret_gone(key);
    CHECK(ledger.unsettled("n").empty());
  }
}

}  // namespace bulla::test
