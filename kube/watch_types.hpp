// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

namespace bulla::kube {

/// One page of a list.
struct ListPage {
  std::vector<boost::json::value> items = {};
  std::string continue_token = {};    ///< empty: this was the last page
  std::string resource_version = {};  ///< of the list, from which to watch
  std::size_t bytes = 0;              ///< of the answer that it came in
};

/// One event of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, as the server spelled it.
struct WatchEvent {
  std::string type = {};
  boost::json::value object = {};
};

}  // namespace bulla::kube
