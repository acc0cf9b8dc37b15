// SPDX-License-Identifier: Apache-2.0
#include "dispatch.hpp"

#include <utility>

#include "discovery.hpp"
#include "protobuf.hpp"
#include "representation.hpp"

namespace bulla::test {

namespace {

HttpAnswer json_answer(int code, const Json& body) { return {code, boost::json::serialize(body)}; }

HttpAnswer answer_of_write(const Cluster& cluster, Form form, const Answer<Written>& result) {
  if (!result) return answer_of(result.error());
  const Written& written = *result;
  HttpAnswer answer{written.code, ""};
  answer.warnings = written.warnings;
  answer.body = boost::json::serialize(
      written.resource ? represent(form, *written.resource, *written.object, cluster.now())
                       : *written.object);
  return answer;
}

HttpAnswer answer_of_list(const Cluster& cluster, const RequestInfo& info,
                          const Answer<Listing>& listing) {
  if (!listing) return answer_of(listing.error());
  const auto form = negotiate(info.accept, true);
  if (!form) return answer_of(form.error());
  const auto resource = cluster.resource_of(info);
  if (!resource) return answer_of(resource.error());
  return {200, list_text(*form, **resource, *listing, cluster.now())};
}

HttpAnswer answer_get(const Cluster& cluster, Form form, const RequestInfo& info) {
  const auto object = cluster.get(info);
  if (!object) return answer_of(object.error());
  const auto resource = cluster.resource_of(info);
  if (!resource) return answer_of(resource.error());
  return json_answer(200, represent(form, **resource, **object, cluster.now()));
}

// SelfSubjectAccessReview: allowed unless a `forbid` says otherwise.
HttpAnswer answer_access_review(const Faults& faults, const RequestInfo& info) {
  boost::system::error_code bad;
  Json review = boost::json::parse(info.body, bad);
  if (bad || !review.is_object()) return answer_of(bad_request("json parse error"));
  RequestInfo asked;
  asked.user = info.user;
  asked.verb = text_at(review, "spec.resourceAttributes.verb");
  asked.resource = text_at(review, "spec.resourceAttributes.resource");
  asked.subresource = text_at(review, "spec.resourceAttributes.subresource");
  asked.group = text_at(review, "spec.resourceAttributes.group");
  asked.ns = text_at(review, "spec.resourceAttributes.namespace");
  asked.name = text_at(review, "spec.resourceAttributes.name");
  review.get_object()["status"] = JsonObject{{"allowed", !faults.forbids(asked)}};
  return json_answer(201, review);
}

HttpAnswer answer_path(const Cluster& cluster, const RequestInfo& info) {
  if (info.path == "/healthz" || info.path == "/livez" || info.path == "/readyz") {
    return {200, "ok", "text/plain; charset=utf-8"};
  }
  auto document = discovery_document(info.path, cluster.resources());
  if (!document) return answer_of(no_such_path());
  if (info.method != "GET") return answer_of(method_not_allowed());
  const auto form = negotiate(info.accept, false);
  if (!form) return answer_of(form.error());
  return json_answer(200, *document);
}

HttpAnswer dispatch_protobuf(Cluster& cluster, const Faults& faults, RequestInfo info) {
  const auto body = json_from_protobuf(info.body);
  if (!body) return answer_of(unsupported_media_type("application/json"));
  info.body = boost::json::serialize(*body);
  info.content_type = "application/json";
  return dispatch(cluster, faults, info);
}

}  // namespace

HttpAnswer answer_of(const ApiError& error) {
  HttpAnswer answer = json_answer(error.code, to_status(error));
  answer.retry_after_s = error.retry_after_s;
  return answer;
}

HttpAnswer dispatch(Cluster& cluster, const Faults& faults, const RequestInfo& info) {
  if (info.content_type == protobuf_type) return dispatch_protobuf(cluster, faults, info);
  if (info.verb.empty()) return answer_path(cluster, info);
  if (info.resource == "selfsubjectaccessreviews" && info.verb == "create") {
    return answer_access_review(faults, info);
  }
  if (info.verb == "list") return answer_of_list(cluster, info, cluster.list(info));
  if (info.verb == "deletecollection") {
    return answer_of_list(cluster, info, cluster.remove_collection(info));
  }
  const auto form = negotiate(info.accept, false);
  if (!form) return answer_of(form.error());
  if (info.verb == "get") return answer_get(cluster, *form, info);
  if (info.verb == "delete") return answer_of_write(cluster, *form, cluster.remove(info));
  if (info.verb == "patch") return answer_of_write(cluster, *form, cluster.patch(info));
  const auto& type = info.content_type;
  if (!type.empty() && type != "application/json") {
    return answer_of(unsupported_media_type("application/json"));
  }
  if (info.verb == "create") return answer_of_write(cluster, *form, cluster.create(info));
  if (info.verb == "update") return answer_of_write(cluster, *form, cluster.update(info));
  return answer_of(method_not_allowed());
}

}  // namespace bulla::test
