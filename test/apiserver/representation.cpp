// SPDX-License-Identifier: Apache-2.0
#include "representation.hpp"

#include <algorithm>
#include <charconv>

namespace bulla::test {

namespace {

std::string parameter(std::string_view media_type, std::string_view name) {
  const std::string key = ";" + std::string(name) + "=";
  const auto at = media_type.find(key);
  if (at == std::string_view::npos) return {};
  const auto value = media_type.substr(at + key.size());
  return std::string(value.substr(0, value.find(';')));
}

// What one entry of an Accept header asks for; nothing when we cannot serve it.
std::optional<Form> form_of(std::string_view entry) {
  const auto type = entry.substr(0, entry.find(';'));
  if (type == "*/*" || type == "application/*") return Form::full;
  if (type != "application/json") return std::nullopt;
  const auto as = parameter(entry, "as");
  if (as.empty()) return Form::full;
  if (parameter(entry, "g") != "meta.k8s.io" || parameter(entry, "v") != "v1") return std::nullopt;
  if (as == "Table") return Form::table;
  if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList") return Form::metadata;
  return std::nullopt;
}

// The values a CRD's jsonPath can reach: .a.b, [0], and [?(@.key=="value")].
const Json* at_json_path(const Json& root, std::string_view path) {
  const Json* at = &root;
  while (at && !path.empty()) {
    if (path.front() == '.') {
      const auto end = std::min(path.find_first_of(".[", 1), path.size());
      at = at->is_object() ? at->get_object().if_contains(path.substr(1, end - 1)) : nullptr;
      path.remove_prefix(end);
      continue;
    }
    const auto end = path.find(']');
    if (path.front() != '[' || end == std::string_view::npos || !at->is_array()) return nullptr;
    const auto inside = path.substr(1, end - 1);
    path.remove_prefix(end + 1);
    const JsonArray& array = at->get_array();
    at = nullptr;
    if (inside.starts_with("?(@.")) {
      const auto equal = inside.find("==");
      const auto first = inside.find_first_of("\"'", equal);
      const auto last = inside.find_last_of("\"'");
      if (equal == std::string_view::npos || first == last) return nullptr;
      for (const Json& element : array) {
        const auto key = inside.substr(4, equal - 4);
        if (text_at(element, key) == inside.substr(first + 1, last - first - 1)) at = &element;
      }
    } else {
      std::size_t index = 0;
      std::from_chars(inside.data(), inside.data() + inside.size(), index);
      at = array.if_contains(index);
    }
  }
  return at;
}

Json cell(const Json& object, const Column& column, WallTime now) {
  const Json* value = at_json_path(object, column.json_path);
  if (column.type == "date") {
    return value && value->is_string() ? Json(age_since(value->get_string(), now)) : Json();
  }
  if (column.type == "integer" && (!value || value->is_object())) {
    return value ? value->get_object().size() : 0;
  }
  if (!value) return nullptr;
  if (value->is_object() || value->is_array()) return Json(boost::json::serialize(*value));
  return *value;
}

bool shows_age(const Resource& resource) {
  return std::none_of(resource.columns.begin(), resource.columns.end(),
                      [](const Column& column) { return column.name == "Age"; });
}

const Column& age_column() {
  static const Column column{"Age", "date", ".metadata.creationTimestamp"};
  return column;
}

JsonObject column_definition(const Column& column, std::string_view format) {
  // Ages are printed text; only CRDs may declare a "date", and then kubectl gets text too.
  const std::string type = column.type == "date" ? "string" : column.type;
  return {{"name", column.name},
          {"type", type},
          {"format", format},
          {"description", column.description},
          {"priority", 0}};
}

JsonArray column_definitions(const Resource& resource) {
  JsonArray definitions{column_definition({"Name", "string", ""}, "name")};
  for (const auto& column : resource.columns) definitions.push_back(column_definition(column, ""));
  if (shows_age(resource)) definitions.push_back(column_definition(age_column(), ""));
  return definitions;
}

JsonObject metadata_only(const Json& object) {
  const Json* metadata = find(object, "metadata");
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", metadata ? *metadata : Json(JsonObject{})}};
}

JsonObject row(const Resource& resource, const Json& object, WallTime now) {
  JsonArray cells{Json(text_at(object, "metadata.name"))};
  for (const auto& column : resource.columns) cells.push_back(cell(object, column, now));
  if (shows_age(resource)) cells.push_back(cell(object, age_column(), now));
  return {{"cells", std::move(cells)}, {"object", metadata_only(object)}};
}

JsonObject table_header(const Resource& resource, JsonObject metadata) {
  return {{"kind", "Table"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", std::move(metadata)},
          {"columnDefinitions", column_definitions(resource)}};
}

JsonObject list_metadata(const Listing& listing) {
  JsonObject metadata{{"resourceVersion", std::to_string(listing.version)}};
  if (!listing.continue_token.empty()) metadata["continue"] = listing.continue_token;
  if (listing.remaining) metadata["remainingItemCount"] = *listing.remaining;
  return metadata;
}

// Items of a built-in list carry neither kind nor apiVersion, as on a real server.
void append_item(std::string& text, const Json& object, bool with_type) {
  if (with_type) {
    text += boost::json::serialize(object);
    return;
  }
  text += '{';
  bool first = true;
  for (const auto& [key, value] : object.as_object()) {
    if (key == "kind" || key == "apiVersion") continue;
    if (!std::exchange(first, false)) text += ',';
    text += boost::json::serialize(boost::json::string(key)) + ":" + boost::json::serialize(value);
  }
  text += '}';
}

JsonObject list_header(Form form, const Resource& resource, const Listing& listing) {
  if (form == Form::table) return table_header(resource, list_metadata(listing));
  const bool partial = form == Form::metadata;
  return {{"kind", partial ? "PartialObjectMetadataList" : resource.list_kind},
          {"apiVersion", partial ? "meta.k8s.io/v1" : resource.api_version()},
          {"metadata", list_metadata(listing)}};
}

}  // namespace

Answer<Form> negotiate(std::string_view accept, bool collection) {
  if (accept.empty()) return Form::full;
  while (!accept.empty()) {
    const auto comma = accept.find(',');
    std::string entry(accept.substr(0, comma));
    std::erase(entry, ' ');
    accept = comma == std::string_view::npos ? "" : accept.substr(comma + 1);
    const auto form = form_of(entry);
    if (!form) continue;
    const auto as = parameter(entry, "as");
    if (*form == Form::metadata && (as == "PartialObjectMetadataList") != collection) {
      return not_acceptable("you requested " + as + ", but the requested object is " +
                            (collection ? "a list" : "not a list"));
    }
    return *form;
  }
  return not_acceptable("only the following media types are accepted: application/json");
}

Json represent(Form form, const Resource& resource, const Json& object, WallTime now) {
  if (form == Form::full) return object;
  if (form == Form::metadata) return metadata_only(object);
  JsonObject table =
      table_header(resource, {{"resourceVersion", text_at(object, "metadata.resourceVersion")}});
  table["rows"] = JsonArray{row(resource, object, now)};
  return table;
}

std::string list_text(Form form, const Resource& resource, const Listing& listing, WallTime now) {
  std::string text = boost::json::serialize(list_header(form, resource, listing));
  text.pop_back();  // the closing brace comes after the items
  text += form == Form::table ? ",\"rows\":[" : ",\"items\":[";
  bool first = true;
  for (const auto& item : listing.items) {
    if (!std::exchange(first, false)) text += ',';
    switch (form) {
      case Form::full: append_item(text, *item, resource.custom); break;
      case Form::metadata: text += boost::json::serialize(metadata_only(*item)); break;
      case Form::table: text += boost::json::serialize(row(resource, *item, now)); break;
    }
  }
  return text + "]}";
}

}  // namespace bulla::test
