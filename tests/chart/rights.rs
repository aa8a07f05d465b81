//! What the operator may do: its roles, its one Secret, its pod.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::support::chart::{self, NAMESPACE, Rendering};
use super::support::is_as_committed;
use super::{arguments, name_of_the_secret, texts};

/// The rules of a role, with the kind and the name of the role.
fn rules(rendering: &Rendering) -> impl Iterator<Item = (String, &Value)> {
    let roles = ["ClusterRole", "Role"].into_iter().flat_map(|kind| rendering.of_kind(kind));
    roles.flat_map(|role| {
        let name = format!("{}: {} {}", rendering.values, role["kind"], role["metadata"]["name"]);
        role["rules"].as_array().unwrap().iter().map(move |rule| (name.clone(), rule))
    })
}

#[test]
fn the_operator_may_do_what_is_committed_and_no_more() {
    for (values, golden) in [("default", "chart.roles.yaml"), ("namespaced", "chart.roles-namespaced.yaml")] {
        let Some(rendering) = chart::rendering(values) else { return };
        let mut text = "# What the operator may do, and where: generated from the chart.\n".to_owned();
        for kind in ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"] {
            for object in rendering.of_kind(kind) {
                let mut object = object.clone();
                object["metadata"].as_object_mut().unwrap().remove("labels");
                text += "---\n";
                text += &serde_yaml::to_string(&object).unwrap();
            }
        }
        is_as_committed(&format!("tests/golden/{golden}"), &text);
    }
}

#[test]
fn the_operator_may_touch_no_secret_but_its_own() {
    for rendering in chart::renderings().unwrap_or_default() {
        for (role, rule) in
            rules(rendering).filter(|(_, rule)| texts(&rule["resources"]).contains(&"secrets"))
        {
            assert_eq!(texts(&rule["resourceNames"]), [name_of_the_secret(rendering)], "{role}");
            assert_eq!(texts(&rule["verbs"]), ["get", "update"], "{role}");
            assert!(role.contains("\"Role\""), "{role}: a ClusterRole allows it in every namespace");
        }
    }
}

#[test]
fn no_rule_has_a_wildcard_or_lets_the_operator_give_itself_more() {
    let more = ["*", "escalate", "bind", "impersonate", "deletecollection"];
    for rendering in chart::renderings().unwrap_or_default() {
        for (role, rule) in rules(rendering) {
            let named = ["apiGroups", "resources", "verbs"].into_iter().flat_map(|list| texts(&rule[list]));
            let found = named.filter(|name| more.contains(name)).collect::<Vec<_>>();
            assert!(found.is_empty(), "{role}: {found:?}");
        }
    }
}

/// Helm would set it back to what it says here, on each upgrade, if it said anything.
#[test]
fn the_secret_is_made_empty_and_says_nothing_about_its_data() {
    for rendering in chart::renderings().unwrap_or_default() {
        let secret = rendering.the("Secret");
        assert_eq!((&secret["data"], &secret["stringData"]), (&Value::Null, &Value::Null));
        assert_eq!(secret["type"], "Opaque", "kubernetes.io/tls can't be empty");
    }
}

#[test]
fn every_pod_fits_the_restricted_profile() {
    for rendering in chart::renderings().unwrap_or_default() {
        let pod = &rendering.the("Deployment")["spec"]["template"]["spec"];
        assert_eq!(unrestricted(pod), Vec::<String>::new(), "{}", rendering.values);
    }
}

/// What in a pod's spec is against Pod Security *restricted*.
fn unrestricted(pod: &Value) -> Vec<String> {
    let container = &pod["containers"][0];
    let (of_pod, of_container) = (&pod["securityContext"], &container["securityContext"]);
    let holds = [
        (
            "one container",
            pod["containers"].as_array().map(Vec::len) == Some(1) && pod["initContainers"].is_null(),
        ),
        ("nothing of the host", pod.as_object().unwrap().keys().all(|field| !field.starts_with("host"))),
        ("no volume", pod["volumes"].is_null()),
        ("no port of the host", !container["ports"].to_string().contains("hostPort")),
        ("not root", of_pod["runAsNonRoot"] == true && of_pod["runAsUser"] == 65532),
        ("seccomp", of_pod["seccompProfile"] == json!({"type": "RuntimeDefault"})),
        ("no escalation", of_container["allowPrivilegeEscalation"] == false),
        ("no capability", of_container["capabilities"] == json!({"drop": ["ALL"]})),
        ("a root that can't be written", of_container["readOnlyRootFilesystem"] == true),
        (
            "nothing that the container takes back",
            of_container.as_object().map(serde_json::Map::len) == Some(3),
        ),
    ];
    holds.into_iter().filter(|(_, holds)| !holds).map(|(what, _)| what.to_owned()).collect()
}

#[test]
fn an_operator_of_named_namespaces_has_a_role_in_each_and_none_for_all() {
    let Some(rendering) = chart::rendering("namespaced") else { return };
    let watched =
        arguments(rendering).into_iter().filter_map(|argument| argument.strip_prefix("--watch-namespace="));
    assert_eq!(watched.collect::<Vec<_>>(), ["bank", "shop"]);
    let roles =
        rendering.of_kind("Role").into_iter().map(|role| role["metadata"]["namespace"].as_str().unwrap());
    assert_eq!(roles.collect::<BTreeSet<_>>(), BTreeSet::from(["bank", NAMESPACE, "shop"]));
    let for_all = rendering.the("ClusterRole");
    let resources = for_all["rules"].as_array().unwrap().iter().flat_map(|rule| texts(&rule["resources"]));
    assert_eq!(resources.collect::<Vec<_>>(), ["tokenreviews"]);
    for binding in rendering.of_kind("ValidatingAdmissionPolicyBinding") {
        let selector = &binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"][0];
        assert_eq!(selector["values"], json!(["bank", "shop"]));
    }
}
