//! What agents have spent, and whether another attempt still fits what may be spent.
//!
//! Checked before an attempt of an agent begins, for its task, its agent and every group around it: with what is known to be spent, and
//! what the attempts that run, and this one, are expected to cost: as the plan says, else as those of the same agent did until now. What
//! judges have spent counts as well; they are asked also when nothing is left, as the work is done. What is not known counts as nothing, and
//! is told as unknown.

use super::dispatch::{Dispatcher, Stage};
use crate::event::{CheckOwner, Usage};
use crate::plan::{Action, AgentId, Budget, Cost, GroupId, TaskId, Test};

/// Money in millionths of a dollar, and tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Amount {
    money: u64,
    tokens: u64,
}

impl Amount {
    fn spent(usage: &Usage) -> Amount {
        let tokens = usage.input_tokens.unwrap_or(0).saturating_add(usage.output_tokens.unwrap_or(0));
        Amount { money: usage.money.unwrap_or(0), tokens }
    }

    fn expected(cost: &Cost) -> Amount {
        let most = |range: Option<(u64, u64)>| range.map_or(0, |(_, most)| most);
        Amount { money: most(cost.money), tokens: most(cost.tokens) }
    }

    fn and(self, other: Amount) -> Amount {
        Amount {
            money: self.money.saturating_add(other.money),
            tokens: self.tokens.saturating_add(other.tokens),
        }
    }

    /// What of a budget has no room for `more`; none when all has.
    fn beyond(self, more: Amount, budget: &Budget) -> Option<String> {
        let is_over = |spent: u64, more: u64, most: u64| spent >= most || spent.saturating_add(more) > most;
        let told = |spent: String, more: Option<String>, most: String| {
            let more = more.map_or(String::new(), |more| format!(", and another attempt may cost {more}"));
            format!("{spent} of {most} spent{more}")
        };
        let expected = |number: u64, text: String| (number > 0).then_some(text);
        if let Some(most) = budget.money.filter(|most| is_over(self.money, more.money, *most)) {
            return Some(told(dollars(self.money), expected(more.money, dollars(more.money)), dollars(most)));
        }
        let most = budget.tokens.filter(|most| is_over(self.tokens, more.tokens, *most))?;
        let tokens = |number: u64| format!("{number} tokens");
        Some(told(self.tokens.to_string(), expected(more.tokens, tokens(more.tokens)), tokens(most)))
    }
}

/// An amount of money as people read it.
fn dollars(money: u64) -> String {
    format!("${}.{:02}", money / 1_000_000, money % 1_000_000 / 10_000)
}

/// What a judge has spent on a criterion.
pub(super) struct Judgement {
    owner: CheckOwner,
    agent: AgentId,
    usage: Usage,
}

impl Dispatcher {
    /// A judge has spent something on a criterion.
    pub fn spent_on(&mut self, owner: CheckOwner, index: u32, usage: Usage) {
        let criterion = super::judging::criterion(&self.plan, owner, index);
        if let Some(Test::Judged { agent, .. }) = criterion.map(|criterion| &criterion.test)
            && !usage.is_unknown()
        {
            self.judgements.push(Judgement { owner, agent: *agent, usage });
        }
    }

    /// Why another attempt of a task does not fit what may be spent; none when it does.
    pub fn beyond_budget(&self, task: TaskId) -> Option<String> {
        let plan = &self.plan;
        let own = plan.task(task);
        if !matches!(own.action, Action::Prompt(_) | Action::PromptFile(_)) {
            return None;
        }
        let more = self.expected(task);
        let of = |is_in: &dyn Fn(TaskId) -> bool, is_asked: &dyn Fn(&Judgement) -> bool| {
            let worked = plan.task_ids().filter(|task| is_in(*task)).map(|task| self.amount(task));
            let judged = self.judgements.iter().filter(|judgement| is_asked(judgement));
            worked.chain(judged.map(|it| Amount::spent(&it.usage))).fold(Amount::default(), Amount::and)
        };
        let is_own = |it: &Judgement| matches!(it.owner, CheckOwner::Task(of, _) if of == task);
        if let Some(why) = of(&|it| it == task, &is_own).beyond(more, &own.budget) {
            return Some(format!("its budget has no room: {why}"));
        }
        if let Some(id) = own.agent {
            let agent = plan.agent(id);
            let spent = of(&|it| plan.task(it).agent == Some(id), &|it| it.agent == id);
            if let Some(why) = spent.beyond(more, &agent.budget) {
                return Some(format!("the budget of the agent `{}` has no room: {why}", agent.name));
            }
        }
        let mut group = Some(own.group);
        while let Some(id) = group {
            let around = plan.group(id);
            let spent = of(&|it| self.is_inside(plan.task(it).group, id), &|it| {
                let around = match it.owner {
                    CheckOwner::Task(task, _) => plan.task(task).group,
                    CheckOwner::Group(group) => group,
                    CheckOwner::Gate(gate) => plan.gate(gate).group,
                    CheckOwner::Preflight => GroupId(0),
                };
                self.is_inside(around, id)
            });
            if let Some(why) = spent.beyond(more, &around.budget) {
                return Some(format!("the budget of `{}` has no room: {why}", around.name));
            }
            group = around.parent;
        }
        None
    }

    /// Whether a group is another, or stands in it.
    fn is_inside(&self, inner: GroupId, group: GroupId) -> bool {
        let mut at = Some(inner);
        while let Some(id) = at {
            if id == group {
                return true;
            }
            at = self.plan.group(id).parent;
        }
        false
    }

    /// What a task has spent in all sessions, with what its running attempt is expected to.
    fn amount(&self, task: TaskId) -> Amount {
        let life = &self.tasks[task.index()];
        let spent = Amount::spent(&life.usage);
        match life.stage {
            Stage::Working { .. } => spent.and(self.expected(task)),
            _ => spent,
        }
    }

    /// What an attempt of a task is expected to cost: as it says, else as its agent says, else what its agent's attempts did on average.
    fn expected(&self, task: TaskId) -> Amount {
        let Some(agent) = self.plan.task(task).agent else {
            return Amount::expected(&self.plan.task(task).cost);
        };
        let (own, of_agent) = (self.plan.task(task).cost, self.plan.agent(agent).cost);
        let said = Cost { money: own.money.or(of_agent.money), tokens: own.tokens.or(of_agent.tokens) };
        let mut expected = Amount::expected(&said);
        if said.money.is_none() || said.tokens.is_none() {
            let seen = self.seen(agent);
            expected.money = if said.money.is_none() { seen.money } else { expected.money };
            expected.tokens = if said.tokens.is_none() { seen.tokens } else { expected.tokens };
        }
        expected
    }

    /// What an agent's attempts have cost until now, on average, where that is known.
    fn seen(&self, agent: AgentId) -> Amount {
        let mut sum = Amount::default();
        let (mut priced, mut counted) = (0, 0);
        for task in self.plan.task_ids().filter(|task| self.plan.task(*task).agent == Some(agent)) {
            let life = &self.tasks[task.index()];
            let is_working = matches!(life.stage, Stage::Working { .. });
            let ended = u64::from(life.attempt - u32::from(is_working));
            sum = sum.and(Amount::spent(&life.usage));
            priced += if life.usage.money.is_some() { ended } else { 0 };
            counted += if life.usage.input_tokens.or(life.usage.output_tokens).is_some() { ended } else { 0 };
        }
        Amount { money: sum.money / priced.max(1), tokens: sum.tokens / counted.max(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_not_passed() {
        let budget = |money, tokens| Budget { money, tokens, span: None };
        let amount = |money, tokens| Amount { money, tokens };
        let dollar = 1_000_000;
        assert_eq!(amount(dollar, 0).beyond(amount(dollar, 0), &budget(Some(2 * dollar), None)), None);
        let told = amount(dollar, 0).beyond(amount(2 * dollar, 0), &budget(Some(2 * dollar), None)).unwrap();
        assert_eq!(told, "$1.00 of $2.00 spent, and another attempt may cost $2.00");
        let told = amount(0, 700).beyond(amount(0, 0), &budget(None, Some(500))).unwrap();
        assert_eq!(told, "700 of 500 tokens spent");
        assert_eq!(amount(0, 700).beyond(amount(9, 9), &budget(None, None)), None);
    }
}
