//! The forecast as one page: the picture, the numbers beside it, and every task in a table.
//!
//! One file that needs no network. It reads without a script; the one in it only sets off what a task waits for while
//! one points at it.

use super::chart::{self, Figure};
use super::svg::text::{escape, escape_line};
use super::svg::{self, Frame};
use super::{View, words};
use crate::plan::{Action, TaskId};
use crate::report::words::one_line;
use std::fmt::Write as _;

/// The most rows of the table.
const MOST_ROWS: usize = 2000;

/// The most lanes and bands of its picture: a page can be scrolled.
const FRAME: Frame = Frame { has_head: false, has_links: true, most_lanes: 320, most_bands: 80 };

/// The page.
pub fn render(view: &View) -> String {
    let picture = svg::picture(view, FRAME);
    let title = escape_line(&chart::heading(view));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<main>\n<h1 dir=\"auto\">{title}</h1>\n"
    );
    let docs = view.plan.docs.trim();
    if !docs.is_empty() {
        let _ = writeln!(page, "<p class=\"docs\" dir=\"auto\">{}</p>", escape_line(docs));
    }
    page.push_str("<dl class=\"figures\">\n");
    for Figure { value, label } in chart::figures(view) {
        let _ = writeln!(page, "<div><dd>{}</dd><dt>{}</dt></div>", escape(&value), escape(&label));
    }
    page.push_str("</dl>\n");
    // One that is not much longer than a page goes on one when it is printed.
    let fits = if picture.height < svg::WIDTH * 1.3 { " fits" } else { "" };
    let _ = writeln!(page, "<figure class=\"picture{fits}\">\n{}</figure>", picture.text);
    for note in &picture.notes {
        let _ = writeln!(page, "<p class=\"note\" dir=\"auto\">{}</p>", escape_line(note));
    }
    levers(view, &mut page);
    table(view, &mut page);
    let _ = write!(page, "</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
    page
}

/// What would make it end sooner.
fn levers(view: &View, page: &mut String) {
    if view.levers.is_empty() {
        return;
    }
    page.push_str("<h2>It would end sooner by</h2>\n<ul class=\"levers\">\n");
    for lever in view.levers.iter().take(8) {
        let _ = writeln!(
            page,
            "<li><b>{}</b> {}</li>",
            words::time(lever.saves),
            escape_line(&view.lever(lever.change))
        );
    }
    page.push_str("</ul>\n");
}

/// Every task, in the order of the file.
fn table(view: &View, page: &mut String) {
    let plan = view.plan;
    if plan.tasks.is_empty() {
        return;
    }
    let is_timed = !view.forecast.makespan.is_zero();
    page.push_str("<h2>Tasks</h2>\n<div class=\"wide\"><table>\n<thead><tr><th>task</th><th>who</th>");
    page.push_str("<th class=\"number\">estimate</th>");
    if is_timed {
        page.push_str(
            "<th class=\"number\">start</th><th class=\"number\">end</th><th class=\"number\">slack</th>",
        );
        if view.samples.is_some() {
            page.push_str("<th class=\"number\">critical in</th>");
        }
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for id in plan.task_ids().take(MOST_ROWS) {
        row(view, id, is_timed, page);
    }
    page.push_str("</tbody>\n</table></div>\n");
    let more = plan.tasks.len().saturating_sub(MOST_ROWS);
    if more > 0 {
        let _ = writeln!(
            page,
            "<p class=\"note\">{more} more tasks are not in this table; <code>--format json</code> has all of them.</p>"
        );
    }
}

fn row(view: &View, id: TaskId, is_timed: bool, page: &mut String) {
    let plan = view.plan;
    let task = plan.task(id);
    let slot = task.step.map(|step| view.forecast.step(step));
    let is_path = is_timed && task.step.is_some_and(|step| view.forecast.critical.contains(&step));
    let class = if is_path { " class=\"critical\"" } else { "" };
    let title = if task.title.is_empty() {
        String::new()
    } else {
        format!("<span dir=\"auto\">{}</span>", escape_line(&task.title))
    };
    let estimate = match (&task.action, &task.estimate) {
        (_, Some(estimate)) => words::estimate(estimate),
        (Action::Wait(time), None) => words::literal(*time),
        (_, None) => "–".to_string(),
    };
    let _ = write!(
        page,
        "<tr{class} data-for=\"t{}\"><td><b dir=\"auto\">{}</b> {title}</td><td>{}</td><td class=\"number\">{}</td>",
        id.0,
        escape(&one_line(&task.name, usize::MAX)),
        escape_line(view.who(task)),
        escape(&estimate)
    );
    let has_seconds = view.forecast.makespan.as_secs() < 600;
    let cell = |text: String| format!("<td class=\"number\">{text}</td>");
    match slot {
        _ if !is_timed => {}
        Some(slot) if slot.is_skipped => {
            let columns = if view.samples.is_some() { 4 } else { 3 };
            let why = task.left_out.as_deref().unwrap_or("with what holds it");
            let _ = write!(page, "<td colspan=\"{columns}\">left out: {}</td>", escape_line(why));
        }
        Some(slot) => {
            page.push_str(&cell(words::moment(slot.start, has_seconds)));
            page.push_str(&cell(words::moment(slot.end, has_seconds)));
            page.push_str(&cell(if slot.slack.is_zero() {
                "–".to_string()
            } else {
                words::time(slot.slack)
            }));
            if let Some(samples) = view.samples {
                page.push_str(&cell(format!("{:.0}%", samples.criticality(id) * 100.0)));
            }
        }
        None => {
            let is_last = plan.finally.contains(&id);
            let columns = if view.samples.is_some() { 4 } else { 3 };
            let when = if is_last { "finally" } else { "rollback: only when its wave or plan fails" };
            let _ = write!(page, "<td colspan=\"{columns}\">{when}</td>");
        }
    }
    page.push_str("</tr>\n");
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ground:#fff;--text:#0f172a;--muted:#475569;--line:#d5dde8;--critical:#c2410c}
@media screen and (prefers-color-scheme:dark){:root{--ground:#0f172a;--text:#e8edf5;--muted:#a9b6c9;--line:#31415e;--critical:#fb923c}}
body{margin:0;background:var(--ground);color:var(--text);font:14px/1.45 Helvetica Neue,Helvetica,Arial,Liberation Sans,Noto Sans,sans-serif}
main{max-width:1200px;margin:0 auto;padding:24px}
h1{font-size:24px;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:16px;margin:28px 0 8px}
.docs{color:var(--muted);margin:0 0 8px;max-width:80ch}
.figures{display:flex;flex-wrap:wrap;gap:8px 34px;margin:14px 0 10px}
.figures div{display:flex;flex-direction:column}
.figures dd{margin:0;font-size:20px;font-weight:bold}
.figures dt{color:var(--muted);font-size:12px}
.picture{margin:0 -24px;overflow-x:auto}
.picture svg{display:block;width:100%;min-width:760px;height:auto}
.note{color:var(--muted);margin:4px 0}
.levers{margin:0;padding:0;list-style:none}
.levers b{display:inline-block;min-width:8em;text-align:right;margin-right:1em}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:5px 10px 5px 0;border-bottom:1px solid var(--line)}
th{color:var(--muted);font-weight:normal;font-size:12px}
td{overflow-wrap:anywhere}
td span{color:var(--muted)}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.critical b{color:var(--critical)}
.mark{transition:opacity .1s}
.pointed .mark{opacity:.22}
.pointed .mark.near{opacity:1}
.pointed .mark.self{opacity:1}
@media print{@page{size:landscape;margin:10mm}main{padding:0;max-width:none}.picture{margin:0;overflow:visible}.picture svg{min-width:0}.fits svg{max-height:155mm}h1{font-size:18px}tr,.figures div{break-inside:avoid}.picture.fits{break-inside:avoid}thead{display:table-header-group}}
";

const SCRIPT: &str = "\
const svg = document.querySelector('.picture svg');
const marks = [...svg.querySelectorAll('.mark')];
const words = (mark, key) => (mark.dataset[key] || '').split(' ').filter(Boolean);
const point = mark => {
  const needs = new Set(words(mark, 'needs')), own = new Set([mark.id, ...words(mark, 'in')]);
  for (const other of marks) {
    const waited = needs.has(other.id) || words(other, 'in').some(group => needs.has(group));
    const waits = words(other, 'needs').some(id => own.has(id)) && !words(other, 'in').some(group => own.has(group) && words(other, 'needs').every(id => id === group));
    other.classList.toggle('near', waited || waits);
    other.classList.toggle('self', other === mark);
  }
  svg.classList.add('pointed');
};
const leave = () => svg.classList.remove('pointed');
for (const mark of marks) { mark.addEventListener('mouseenter', () => point(mark)); mark.addEventListener('mouseleave', leave); }
for (const row of document.querySelectorAll('tr[data-for]')) {
  const mark = document.getElementById(row.dataset.for);
  if (mark) { row.addEventListener('mouseenter', () => point(mark)); row.addEventListener('mouseleave', leave); }
}
";
