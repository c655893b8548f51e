//! Runs teach the next forecast: real runs, real times.

use super::Scratch;

const PLAN: &str = r#"plan nightly

assert makespan <= 2s

agent tester {
  driver command
  run "sh -c 'sleep 0.2'"
}

wave tests {
  task unit { agent tester  prompt "Run the unit tests"  writes nothing  estimate 100ms }
  task api { agent tester  prompt "Run the API tests"  writes nothing  estimate 50ms..150ms }
}

task report { run "true"  estimate 400ms }
"#;

/// Holds a text against a schema of `docs/schema`.
fn validate(schema: &str, text: &str) -> serde_json::Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema").join(schema);
    let schema = std::fs::read_to_string(path).expect("the schema is there");
    let schema = serde_json::from_str(&schema).expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("the schema is sound");
    let value = serde_json::from_str(text).expect("it is JSON");
    let wrong: Vec<String> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{text}");
    value
}

#[test]
fn three_runs_correct_the_next_forecast_and_the_plans_own_words_stay() {
    let scratch = Scratch::new().file("nightly.wave", PLAN);
    let text = |arguments: &[&str]| {
        let outcome = scratch.wavec(arguments);
        assert_eq!(outcome.code, Some(0), "{arguments:?}: {}{}", outcome.stdout, outcome.stderr);
        outcome.stdout
    };
    let run = || text(&["run", "nightly.wave", "-q"]);
    run();
    run();
    let own = text(&["plan", "nightly.wave"]);
    assert!(!own.contains("corrected"), "{own}");
    let few = text(&["calibrate"]);
    assert!(few.contains("2 runs") && few.contains("fewer than 3 runs"), "{few}");
    run();
    let plan = text(&["plan", "nightly.wave"]);
    assert!(plan.contains("estimates corrected by 3 runs · 3 by the task's own"), "{plan}");
    assert!(plan.contains("400ms ×0.25"), "{plan}");
    assert_eq!(text(&["plan", "nightly.wave", "--no-history"]), own);
    let simulated = text(&["simulate", "nightly.wave", "--runs", "20"]);
    assert!(simulated.contains("corrected by 3 runs"), "{simulated}");
    let simulated = text(&["simulate", "nightly.wave", "--runs", "20", "--no-history"]);
    assert!(!simulated.contains("corrected"), "{simulated}");

    // Both tasks of the agent took twice as long and more; what has no process of its own is held at a quarter.
    let learned = validate("calibration.json", &text(&["calibrate", "--format", "json"]));
    let agent = &learned["agents"][0];
    assert_eq!((agent["samples"].as_u64(), agent["runs"].as_array().map(Vec::len)), (Some(6), Some(3)));
    assert!(agent["median"].as_f64().is_some_and(|median| median > 1.9), "{agent}");
    assert_eq!(learned["tasks"][0]["factor"].as_f64(), Some(0.25));

    // A claim is judged by the plan's own words: `check` says the same tomorrow.
    text(&["check", "nightly.wave"]);
    let forecast = validate("plan.json", &text(&["plan", "nightly.wave", "--format", "json"]));
    assert_eq!(forecast["forecast"]["corrections"]["own_makespan"].as_u64(), Some(500));
}

#[test]
fn a_journal_that_cannot_be_read_does_not_stand_in_the_way() {
    let scratch = Scratch::new().file("nightly.wave", PLAN).file(".wavec/journal.db", "no database");
    let outcome = scratch.wavec(&["plan", "nightly.wave"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("makespan 500 ms"), "{}", outcome.stdout);
    assert!(outcome.stderr.starts_with("warning: could not open the journal"), "{}", outcome.stderr);
}

#[test]
fn a_simulation_is_as_its_schema_says() {
    let scratch = Scratch::new().file("nightly.wave", PLAN);
    let asked: [&[&str]; 4] = [
        &["--runs", "300"],
        &["--fail", "tester=30%", "--quota-at", "1s", "--gate-delay", "1s..3s"],
        &["--fail", "*=100%", "--workers", "1,2"],
        &["--quota-at", "command=0s", "--runs", "1"],
    ];
    for options in asked {
        let mut arguments = vec!["simulate", "nightly.wave", "--format", "json"];
        arguments.extend(options);
        let outcome = scratch.wavec(&arguments);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        validate("simulation.json", &outcome.stdout);
    }
}
