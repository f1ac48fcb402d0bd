//! What produced the telemetry: OpenTelemetry's resource.

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use uuid::Uuid;

use super::Identity;
use super::plan::Plan;

/// The resource of this process. What the environment says about it goes first.
pub(super) fn of(identity: &Identity, plan: &Plan) -> Resource {
    let instance = Uuid::new_v4().to_string();
    let mut attributes = vec![
        KeyValue::new("service.name", identity.service),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", instance),
    ];
    let known = [("host.name", host()), ("hark.home", identity.home.clone())];
    let known = known
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    attributes.extend(known.map(|(key, value)| KeyValue::new(key, value)));
    let named = plan.resource.iter().cloned();
    attributes.extend(named.map(|(key, value)| KeyValue::new(key, value)));
    Resource::builder().with_attributes(attributes).build()
}

/// The machine's name; none where the system does not tell it.
fn host() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use opentelemetry::Key;

    use super::*;
    use crate::telemetry::Export;
    use crate::telemetry::variables::Variables;

    fn resource(variables: &[(&str, &str)]) -> Resource {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
        let variables = Variables::of(variables.iter().copied().chain([endpoint]));
        let plan = Plan::read(&Export::default(), &variables).unwrap();
        let identity = Identity {
            service: "hark-test",
            home: Some("villa".to_owned()),
        };
        of(&identity, &plan)
    }

    fn get(resource: &Resource, key: &'static str) -> String {
        let value = resource.get(&Key::from_static_str(key));
        value.map(|v| v.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_process_says_what_it_is() {
        let resource = resource(&[]);
        assert_eq!(get(&resource, "service.name"), "hark-test");
        assert_eq!(get(&resource, "service.version"), env!("CARGO_PKG_VERSION"));
        assert_eq!(get(&resource, "hark.home"), "villa");
        assert_eq!(get(&resource, "telemetry.sdk.language"), "rust");
        assert!(Uuid::parse_str(&get(&resource, "service.instance.id")).is_ok());
    }

    #[test]
    fn the_environment_goes_first() {
        let resource = resource(&[
            ("OTEL_SERVICE_NAME", "ears"),
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                "service.name=no,room=k%C3%BCche,hark.home=hut",
            ),
        ]);
        assert_eq!(get(&resource, "service.name"), "ears");
        assert_eq!(get(&resource, "room"), "küche");
        assert_eq!(get(&resource, "hark.home"), "hut");
    }
}
