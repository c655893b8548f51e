//! The picture, the page and the chart of a plan: what must hold of them whatever the plan and its texts are.

use super::plans::*;
use super::properties::any_plan;
use proptest::prelude::*;
use roxmltree::Document;
use std::sync::Arc;
use wavec::plan::{Plan, TaskId};
use wavec::report::Look;
use wavec::report::plan::{View, dot, gantt, html, mermaid, svg};
use wavec::schedule::{Forecast, Limits, estimate, sample};

/// Where the axis begins, and the width of all pictures.
const LEFT: f64 = 218.0;
const WIDTH: f64 = 1200.0;

/// Texts that would be something else than text.
const NASTY: &[&str] = &[
    "</svg><script>alert(1)</script>",
    "\" onload=\"alert(1)",
    "' ]]> <!-- & &amp; &#60;",
    "\u{0}\u{1}\u{1b}[31m\u{fffe}\u{ffff}",
    "\u{202e}turned\u{202c} مرحبا بالعالم",
    "计划计划计划计划计划：把所有服务迁移到新的支付系统，然后再看看",
    "👩‍👩‍👧‍👦🚀 e\u{301}",
    "two\nlines\tand a tab",
    "gantt direction LR; end # % { [ (",
    "",
];

fn number(node: roxmltree::Node, name: &str) -> f64 {
    node.attribute(name).unwrap_or_else(|| panic!("{name} of {node:?}")).parse().expect("a number")
}

/// The bars and points of a picture: left, right, top, bottom, by the id of the task.
fn bars(document: &Document) -> Vec<(u32, [f64; 4])> {
    let mut all = Vec::new();
    for mark in document.descendants().filter(|node| node.attribute("class") == Some("mark")) {
        let Some(id) = mark.attribute("id").and_then(|id| id.strip_prefix('t')) else { continue };
        let is_shape = |node: &roxmltree::Node| {
            node.is_element()
                && ["rect", "circle"].contains(&node.tag_name().name())
                && node.attribute("fill-opacity").is_none()
        };
        let shape = mark.children().find(is_shape).expect("a task has a shape");
        let place = if shape.has_tag_name("rect") {
            let (x, y) = (number(shape, "x"), number(shape, "y"));
            [x, x + number(shape, "width"), y, y + number(shape, "height")]
        } else {
            let (x, y, r) = (number(shape, "cx"), number(shape, "cy"), number(shape, "r"));
            [x, x, y - r, y + r]
        };
        all.push((id.parse().expect("a number"), place));
    }
    all
}

/// The picture in a page.
fn picture_of(page: &str) -> &str {
    let begin = page.find("<svg").expect("a picture");
    let end = page.find("</svg>").expect("its end") + "</svg>".len();
    &page[begin..end]
}

fn forecast(plan: Plan, workers: Option<u32>) -> (Arc<Plan>, Forecast) {
    let plan = Arc::new(plan);
    let forecast = estimate(&plan, &Limits { workers });
    (plan, forecast)
}

fn with_texts(mut plan: Plan, texts: &[String]) -> Plan {
    let mut texts = texts.iter().cycle();
    let mut next = || texts.next().cloned().unwrap_or_default();
    plan.title = next();
    plan.docs = next();
    plan.groups.iter_mut().for_each(|group| group.title = next());
    plan.gates.iter_mut().for_each(|gate| gate.title = next());
    plan.tasks.iter_mut().for_each(|task| task.title = next().into());
    plan
}

fn any_text() -> impl Strategy<Value = String> {
    let nasty = (0..NASTY.len()).prop_map(|index| NASTY[index].to_string());
    prop_oneof![any::<String>(), nasty]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_picture_holds_every_task_within_its_axis(
        plan in any_plan(),
        texts in prop::collection::vec(any_text(), 1..20),
        workers in prop::option::of(1..6u32),
    ) {
        let (plan, forecast) = forecast(with_texts(plan, &texts), workers);
        let samples = sample::sample(&plan, &Limits { workers }, 1, 0..20);
        let view = View::new(&plan, &forecast).samples(Some(&samples));
        let alone = svg::render(&view);
        Document::parse(&alone).map_err(|error| TestCaseError::fail(format!("{error}\n{alone}")))?;
        let page = html::render(&view);
        prop_assert_eq!(page.matches("<script").count(), 1, "no text becomes a script");
        prop_assert_eq!(page.matches("<svg").count(), 1);
        let document = Document::parse(picture_of(&page))
            .map_err(|error| TestCaseError::fail(format!("{error}\n{page}")))?;

        // Each task that runs is there, once.
        let bars = bars(&document);
        let mut drawn: Vec<u32> = bars.iter().map(|(id, _)| *id).collect();
        drawn.sort_unstable();
        let runs = |id: &TaskId| match plan.task(*id).step {
            Some(step) => !forecast.step(step).is_skipped,
            None => plan.finally.contains(id),
        };
        let expected: Vec<u32> = plan.task_ids().filter(runs).map(|id| id.0).collect();
        prop_assert_eq!(drawn, expected);

        // Within the axis, in order of time, none over another.
        let height = number(document.root_element(), "height");
        for (id, [left, right, top, bottom]) in &bars {
            prop_assert!(*left >= LEFT - 0.1 && *right <= WIDTH && *top >= 0.0 && *bottom <= height, "t{id}");
        }
        for (index, (one, a)) in bars.iter().enumerate() {
            for (other, b) in &bars[index + 1..] {
                let is_apart = a[1] <= b[0] + 0.2 || b[1] <= a[0] + 0.2 || a[3] <= b[2] + 0.2 || b[3] <= a[2] + 0.2;
                prop_assert!(is_apart, "t{one} and t{other}: {a:?} {b:?}");
                if forecast.makespan.is_zero() {
                    continue;
                }
                let start = |id: u32| plan.task(TaskId(id)).step.map(|step| forecast.step(step).start);
                if let (Some(first), Some(second)) = (start(*one), start(*other)) {
                    prop_assert!(first > second || a[0] <= b[0] + 0.6, "t{one} starts before t{other}");
                    prop_assert!(second > first || b[0] <= a[0] + 0.6, "t{other} starts before t{one}");
                }
            }
        }
        for node in document.descendants().filter(|node| node.has_tag_name("text")) {
            prop_assert!((0.0..=WIDTH).contains(&number(node, "x")));
            prop_assert!((0.0..=height).contains(&number(node, "y")));
        }
    }

    #[test]
    fn a_chart_fits_its_width_and_has_a_line_a_task(
        plan in any_plan(),
        texts in prop::collection::vec(any_text(), 1..20),
        width in 40..130usize,
        has_unicode in any::<bool>(),
    ) {
        let (plan, forecast) = forecast(with_texts(plan, &texts), None);
        let look = Look { width, has_unicode, ..Look::plain() };
        let chart = gantt::render(&View::new(&plan, &forecast), &look);
        for line in chart.lines() {
            prop_assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{line}");
            let has_escape = line.contains('\u{1b}');
            prop_assert!(!has_escape, "{line:?}");
        }
        let bars = chart.lines().count();
        prop_assert!(bars >= forecast.tasks as usize, "{chart}");
    }

    #[test]
    fn no_text_breaks_a_line_of_the_other_graphs(
        plan in any_plan(),
        texts in prop::collection::vec(any_text(), 1..20),
    ) {
        let (plan, forecast) = forecast(with_texts(plan, &texts), None);
        let (bare, bare_forecast) = self::forecast(with_texts((*plan).clone(), &["x".to_string()]), None);
        let (view, bare) = (View::new(&plan, &forecast), View::new(&bare, &bare_forecast));
        prop_assert_eq!(mermaid::flowchart(&view).lines().count(), mermaid::flowchart(&bare).lines().count());
        prop_assert_eq!(mermaid::gantt(&view).lines().count(), mermaid::gantt(&bare).lines().count());
        prop_assert_eq!(dot::render(&view).lines().count(), dot::render(&bare).lines().count());
        // What Mermaid reads as a statement wherever it stands.
        prop_assert!(!mermaid::flowchart(&view).to_lowercase().contains("direction lr"));
    }
}

/// So many tasks in a wave, each as long as its number says.
fn many(count: u64) -> Plan {
    let tasks: Vec<_> = (0..count).map(|index| task(&format!("t{index}")).minutes(5 + index % 50)).collect();
    plan([wave("w", tasks), wave("v", [task("last").minutes(3)])])
}

#[test]
fn a_large_plan_is_folded_and_says_so() {
    for (count, is_folded, is_cut) in [(26, false, false), (300, false, true), (3000, true, true)] {
        let (plan, forecast) = forecast(many(count), Some(20));
        let view = View::new(&plan, &forecast);
        let picture = svg::render(&view);
        let document = Document::parse(&picture).expect("XML");
        assert!(picture.len() < 250_000, "{count}: {} bytes", picture.len());
        assert!(number(document.root_element(), "height") < 3000.0, "{count}");
        let says = picture.contains("tasks are not drawn one by one");
        assert_eq!(says, is_folded, "{count}");
        let chart = gantt::render(&view, &Look::plain());
        assert!(chart.lines().count() < 200, "{count}");
        assert_eq!(chart.contains(" more"), is_cut, "{count}");
    }
}

#[test]
fn waves_without_number_become_a_few_bands() {
    let one = |index| wave(&format!("w{index}"), [task(&format!("t{index}")).minutes(5)]);
    let waves: Vec<Node> = (0..500).map(one).collect();
    let (plan, forecast) = forecast(plan(waves), None);
    let picture = svg::render(&View::new(&plan, &forecast));
    assert!(picture.contains("w0 … w"), "{picture}");
    assert!(picture.contains("parts together"));
    assert!(picture.len() < 200_000, "{} bytes", picture.len());
}

#[test]
fn a_plan_without_estimates_shows_its_order_and_says_so() {
    let (plan, forecast) = forecast(plan([wave("w", [task("a"), task("b").after("a"), task("c")])]), None);
    let view = View::new(&plan, &forecast);
    let page = html::render(&view);
    let document = Document::parse(picture_of(&page)).expect("XML");
    let bars = bars(&document);
    assert!(bars[0].1[1] <= bars[1].1[0] + 1.0, "b stands behind a: {bars:?}");
    for text in [svg::render(&view), page.clone(), gantt::render(&view, &Look::plain())] {
        assert!(text.contains("No task has an estimate"), "{text}");
    }
}

#[test]
fn one_task_nothing_and_far_too_much_are_pictures_too() {
    let mut huge = plan([task("a").minutes(1), task("b").minutes(2)]);
    for task in &mut huge.tasks {
        let estimate = task.estimate.as_mut().expect("an estimate");
        estimate.most = std::time::Duration::from_millis(u64::MAX);
    }
    for plan in [plan([task("a").minutes(1)]), plan([]), huge] {
        let (plan, forecast) = forecast(plan, Some(1_000_000));
        let view = View::new(&plan, &forecast);
        Document::parse(&svg::render(&view)).expect("XML");
        html::render(&view);
        gantt::render(&view, &Look::plain());
    }
}
