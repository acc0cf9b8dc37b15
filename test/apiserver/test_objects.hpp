// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "api_server.hpp"

namespace bulla::test {

constexpr const char* sealed_secret_crd = R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: sealedsecrets.bitnami.com}
spec:
  group: bitnami.com
  scope: Namespaced
  names:
    {kind: SealedSecret, listKind: SealedSecretList, plural: sealedsecrets, singular: sealedsecret}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Synced, type: string, jsonPath: '.status.conditions[0].status'}
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          spec:
            type: object
            required: [encryptedData]
            properties:
              encryptedData: {type: object, x-kubernetes-preserve-unknown-fields: true}
              template: {type: object, x-kubernetes-preserve-unknown-fields: true}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
)";

inline Json sealed_secret(const std::string& name, const std::string& ciphertext = "AgB") {
  return JsonObject{{"apiVersion", "bitnami.com/v1alpha1"},
                    {"kind", "SealedSecret"},
                    {"metadata", JsonObject{{"name", name}, {"namespace", "default"}}},
                    {"spec", JsonObject{{"encryptedData", JsonObject{{"foo", ciphertext}}}}}};
}

inline Json secret(const std::string& name) {
  return JsonObject{{"apiVersion", "v1"},
                    {"kind", "Secret"},
                    {"metadata", JsonObject{{"name", name}, {"namespace", "default"}}},
                    {"data", JsonObject{{"foo", "YmFy"}}}};
}

constexpr const char* secrets_path = "/api/v1/namespaces/default/secrets";
constexpr const char* sealed_path = "/apis/bitnami.com/v1alpha1/namespaces/default/sealedsecrets";

inline std::string below(const char* collection, const std::string& rest) {
  return std::string(collection) + "/" + rest;
}

}  // namespace bulla::test
