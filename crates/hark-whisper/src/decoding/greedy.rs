//! The decoder that always takes the likeliest token (`GreedyDecoder` in
//! openai-whisper at temperature 0).

use crate::model::kernels;

/// A token that was chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// Which.
    pub token: u32,
    /// Its log-probability among those that were allowed.
    pub logprob: f32,
}

/// Chooses tokens until the end of text.
#[derive(Debug)]
pub struct Greedy {
    eot: u32,
    tokens: Vec<Choice>,
    /// Of the end of text, once it was chosen.
    end_logprob: f32,
}

impl Greedy {
    /// Chooses until this token.
    pub fn new(eot: u32) -> Self {
        Self {
            eot,
            tokens: Vec::new(),
            end_logprob: 0.0,
        }
    }

    /// Text tokens so far.
    pub fn tokens(&self) -> &[Choice] {
        &self.tokens
    }

    /// Chooses the likeliest token, the first of equals; none at the end of text.
    pub fn update(&mut self, logits: &[f32]) -> Option<u32> {
        let choice = choose(logits);
        if choice.token == self.eot {
            self.end_logprob = choice.logprob;
            return None;
        }
        self.tokens.push(choice);
        Some(choice.token)
    }

    /// Takes the last tokens back.
    pub fn drop_last(&mut self, count: usize) {
        self.tokens
            .truncate(self.tokens.len().saturating_sub(count));
    }

    /// Mean log-probability, the end of text included.
    pub fn avg_logprob(&self) -> f32 {
        let sum: f32 = self.tokens.iter().map(|c| c.logprob).sum();
        (sum + self.end_logprob) / (self.tokens.len() + 1) as f32
    }

    /// The text tokens.
    pub fn into_tokens(self) -> Vec<Choice> {
        self.tokens
    }
}

fn choose(logits: &[f32]) -> Choice {
    let mut best = (0, f32::NEG_INFINITY);
    for (token, &logit) in logits.iter().enumerate() {
        if logit > best.1 {
            best = (token, logit);
        }
    }
    let (token, highest) = best;
    let sum: f32 = logits.iter().map(|l| kernels::exp(l - highest)).sum();
    Choice {
        token: token as u32,
        logprob: -sum.ln(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_is_chosen_until_the_end() {
        let mut greedy = Greedy::new(2);
        let half = 0.5_f32.ln();
        assert_eq!(greedy.update(&[half, half, f32::NEG_INFINITY]), Some(0));
        assert_eq!(greedy.update(&[-9.0, 3.0, f32::NEG_INFINITY]), Some(1));
        assert_eq!(greedy.update(&[f32::NEG_INFINITY, 0.0, 0.1]), None);
        let tokens = greedy.tokens();
        assert!((tokens[0].logprob - half).abs() < 1e-6);
        assert!(tokens[1].logprob.abs() < 1e-4);
        // ln σ(0.1)
        let mean = (tokens[0].logprob + tokens[1].logprob - 0.644_396_66) / 3.0;
        assert!((greedy.avg_logprob() - mean).abs() < 1e-6);
    }

    #[test]
    fn tokens_can_be_taken_back() {
        let mut greedy = Greedy::new(2);
        greedy.update(&[1.0, 0.0, 0.0]);
        greedy.drop_last(5);
        assert!(greedy.into_tokens().is_empty());
    }
}
