//! The parser that pest makes of `grammar/wave.pest`, and its rules in words.
//!
//! Knows the grammar's rules; not what a tree looks like.

mod generated {
    /// The parser of `grammar/wave.pest`.
    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/wave.pest"]
    pub struct WaveParser;
}

pub use generated::{Rule, WaveParser};

/// What a rule stands for, as one says it: `a whole number`. Strings are said by the statement that they stand in.
pub(super) fn describe(rule: Rule) -> &'static str {
    match rule {
        Rule::name | Rule::criterion_name => "a name",
        Rule::reference => "a name",
        Rule::string => "a string in quotes",
        Rule::whole => "a whole number",
        Rule::number => "a number",
        Rule::duration => "a length of time such as `30m`",
        Rule::amount => "an amount such as `$40` or `200k tokens`",
        Rule::value => "a value",
        Rule::flag => "`true` or `false`",
        Rule::comparison => "a comparison such as `<=`",
        Rule::equality => "`==` or `!=`",
        Rule::dots => "`..`",
        Rule::open => "`{`",
        Rule::program => "a list such as `[\"make\", \"all\"]`",
        Rule::end_list => "`,` or `]`",
        Rule::param_type => "a type such as `text` or `integer`",
        Rule::one_of => "`one of`",
        Rule::choices => "the choices in quotes",
        Rule::default => "`=`",
        Rule::from | Rule::from_secret => "`from`",
        Rule::from_env => "`env`",
        Rule::secret_word => "`secret`",
        Rule::from_file | Rule::prompt_file => "`file`",
        Rule::makespan => "`makespan`",
        Rule::speedup => "`speedup`",
        Rule::cost => "`cost`",
        Rule::width => "`workers`",
        Rule::order => "a name",
        Rule::before => "`before`",
        Rule::alongside => "`alongside`",
        Rule::overlaps => "`overlaps`",
        Rule::in_list | Rule::in_files => "`in`",
        Rule::backoff => "`backoff`",
        Rule::feedback => "`feedback`",
        Rule::isolation_kind => "`shared`, `worktree` or `copy`",
        Rule::on_failure_words => "`on failure`",
        Rule::on_no_go_words => "`on no-go`",
        Rule::on_failure_kind => "`stop`, `cancel` or `continue`",
        Rule::any_of => "`any of`",
        Rule::finished => "`finished`",
        Rule::by | Rule::judge_by => "`by`",
        Rule::patience | Rule::within => "`within`",
        Rule::otherwise => "`otherwise`",
        Rule::otherwise_kind => "`stop` or `continue`",
        Rule::nothing => "`nothing`",
        Rule::except => "`except`",
        Rule::stdout => "`stdout`",
        Rule::may_change_nothing_words => "`may change nothing`",
        Rule::runs => "`runs`",
        Rule::exits => "`exits`",
        Rule::prints => "`prints`",
        Rule::exists => "`exists`",
        Rule::missing => "`missing`",
        Rule::contains => "`contains`",
        Rule::lacks => "`lacks`",
        Rule::value_at | Rule::value_of => "`value`",
        Rule::at => "`at`",
        Rule::judged => "`judged by`",
        Rule::manual => "`manual`",
        Rule::no_go_stop => "`stop`",
        Rule::no_go_continue => "`continue`",
        Rule::no_go_retry => "`retry up to`",
        Rule::no_go_skip => "`skip to`",
        Rule::up_to => "`up to`",
        Rule::skip_to => "`to`",
        _ => "a statement",
    }
}

/// The rule of the statement with this keyword, and that of what stands behind the keyword.
pub(super) fn rules_of(keyword: &str) -> Option<(Rule, Rule)> {
    Some(match keyword {
        "plan" => (Rule::plan, Rule::plan_rest),
        "use" => (Rule::use_file, Rule::use_file_rest),
        "param" => (Rule::param, Rule::param_rest),
        "agent" => (Rule::agent, Rule::agent_rest),
        "secret" => (Rule::secret, Rule::secret_rest),
        "resource" => (Rule::resource, Rule::resource_rest),
        "criterion" => (Rule::criterion, Rule::criterion_rest),
        "assert" => (Rule::assert, Rule::assert_rest),
        "preflight" | "success" | "rollback" | "finally" => (Rule::section, Rule::section_rest),
        "wave" => (Rule::wave, Rule::wave_rest),
        "parallel" | "serial" => (Rule::block, Rule::block_rest),
        "for" => (Rule::for_each, Rule::for_each_rest),
        "task" => (Rule::task, Rule::task_rest),
        "gate" => (Rule::gate, Rule::gate_rest),
        "directory" | "because" | "shell" | "model" | "instructions" | "id" => {
            (Rule::text_setting, Rule::text_setting_rest)
        }
        "workers" | "instances" | "priority" => (Rule::count_setting, Rule::count_setting_rest),
        "timeout" | "wait" => (Rule::time_setting, Rule::time_setting_rest),
        "budget" | "cost" => (Rule::amount_setting, Rule::amount_setting_rest),
        "retries" => (Rule::retries, Rule::retries_rest),
        "isolation" => (Rule::isolation, Rule::isolation_rest),
        "on failure" => (Rule::on_failure, Rule::on_failure_rest),
        "env" => (Rule::env, Rule::env_rest),
        "when" => (Rule::when, Rule::when_rest),
        "tags" => (Rule::tags, Rule::tags_rest),
        "after" => (Rule::after, Rule::after_rest),
        "run" => (Rule::run, Rule::run_rest),
        "prompt" => (Rule::prompt, Rule::prompt_rest),
        "approve" => (Rule::approve, Rule::approve_rest),
        "reads" | "writes" | "creates" | "appends" | "forbids" => (Rule::claim, Rule::claim_rest),
        "estimate" => (Rule::estimate, Rule::estimate_rest),
        "uses" => (Rule::uses, Rule::uses_rest),
        "output" => (Rule::output, Rule::output_rest),
        "driver" => (Rule::driver, Rule::driver_rest),
        "allow" | "deny" => (Rule::tools, Rule::tools_rest),
        "check" => (Rule::check, Rule::check_rest),
        "on no-go" => (Rule::on_no_go, Rule::on_no_go_rest),
        _ => return None,
    })
}
