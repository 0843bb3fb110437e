//! A code that writes and reads real bits pays the entropy, the divergence for a wrong law, and saves the mutual information: P1, P2.

use candle_mle_info::{Error, Pmf, PrefixCode, Result};
use proptest::prelude::*;

/// Sums of at most 64 terms of at most a few bits.
const ROUNDING: f64 = 1e-12;

fn law(n: usize) -> impl Strategy<Value = Pmf> {
    let weight = prop_oneof![1 => Just(0.0), 2 => (0..5u8).prop_map(f64::from), 2 => 0.0..1.0, 1 => 0.0..1e-12];
    prop::collection::vec(weight, n).prop_map(move |mut w| {
        w[0] += f64::from(u8::from(w.iter().sum::<f64>() == 0.0));
        Pmf::from_counts([n], w).expect("weights make a law")
    })
}

/// Laws whose probabilities are powers of 2: split a cell in halves, again and again.
fn dyadic(cells: usize) -> impl Strategy<Value = Pmf> {
    prop::collection::vec(any::<prop::sample::Index>(), cells - 1).prop_map(|splits| {
        let mut q = vec![1.0];
        for split in splits {
            let i = split.index(q.len());
            q[i] /= 2.0;
            q.insert(i, q[i]);
        }
        Pmf::new([q.len()], q).expect("sums to 1 exactly")
    })
}

fn begins(word: &[bool], other: &[bool]) -> bool {
    other.starts_with(word)
}

/// The least Σ p l over all lengths up to 5 that satisfy Kraft's inequality.
fn cheapest(p: &[f64]) -> f64 {
    fn search(p: &[f64], room: u32) -> f64 {
        let Some((first, rest)) = p.split_first() else {
            return 0.0;
        };
        let costs = (0..=5).filter(|l| 32 >> l <= room).map(|l| first * f64::from(l) + search(rest, room - (32 >> l)));
        costs.fold(f64::INFINITY, f64::min)
    }
    search(p, 32)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_message_comes_back((q, draws) in (1..=20usize).prop_flat_map(|n| (law(n), prop::collection::vec(0..n, 0..100)))) {
        let message: Vec<usize> = draws.into_iter().filter(|&s| q.values()[s] > 0.0).collect();
        for code in [PrefixCode::huffman(&q), PrefixCode::shannon(&q)] {
            let bits = code.encode(&message).expect("possible symbols");
            let lengths = code.lengths();
            prop_assert_eq!(bits.len(), message.iter().filter_map(|&s| lengths[s]).sum::<usize>());
            prop_assert_eq!(code.decode(&bits, message.len()).expect("our own bits"), message.clone());
            prop_assert!(code.kraft_sum() <= 1.0);
            let words: Vec<_> = code.words().iter().flatten().collect();
            for (i, word) in words.iter().enumerate() {
                prop_assert!(words.iter().enumerate().all(|(j, other)| i == j || !begins(word, other)));
            }
            for (symbol, &q) in q.values().iter().enumerate() {
                prop_assert_eq!(lengths[symbol].is_some(), q > 0.0);
            }
        }
    }

    #[test]
    fn entropy_bounds_the_cost(q in (1..=20usize).prop_flat_map(law)) {
        let h = q.entropy().bits();
        let [huffman, shannon] = [PrefixCode::huffman(&q), PrefixCode::shannon(&q)]
            .map(|code| code.expected_length(&q).expect("its own law"));
        prop_assert!(h <= huffman + ROUNDING && huffman <= shannon + ROUNDING);
        // Also where rounding made the likeliest cell a power of 2 and its word is lengthened: the others cost h.
        prop_assert!(shannon < h + 1.0 + ROUNDING, "{} {} {:?}", shannon, h, q);
        prop_assert_eq!(PrefixCode::huffman(&q).kraft_sum(), 1.0);
    }

    #[test]
    fn no_code_beats_huffman(q in (1..=5usize).prop_flat_map(law)) {
        let support: Vec<f64> = q.values().iter().copied().filter(|&q| q > 0.0).collect();
        let cost = PrefixCode::huffman(&q).expected_length(&q).expect("its own law");
        prop_assert!((cost - cheapest(&support)).abs() < ROUNDING);
    }

    #[test]
    fn a_wrong_law_costs_its_divergence((p, q, dyadic) in (1..=16usize).prop_flat_map(|n| (law(n), law(n), dyadic(n)))) {
        for code in [PrefixCode::huffman(&dyadic), PrefixCode::shannon(&dyadic)] {
            let paid = code.expected_length(&p).expect("one alphabet");
            let owed = (p.entropy() + p.kl_divergence(&dyadic).expect("one alphabet")).bits();
            prop_assert!((paid - owed).abs() < ROUNDING, "{} {}", paid, owed);
        }
        let paid = PrefixCode::shannon(&q).expected_length(&p).expect("one alphabet");
        let owed = (p.entropy() + p.kl_divergence(&q).expect("one alphabet")).bits();
        prop_assert_eq!(paid.is_infinite(), owed.is_infinite());
        prop_assert!(paid.is_infinite() || (owed <= paid + ROUNDING && paid < owed + 1.0 + ROUNDING), "{} {}", paid, owed);
    }
}

#[test]
fn a_dyadic_law_is_coded_at_its_entropy_bit_by_bit() -> Result<()> {
    let p = Pmf::from_counts([4], [4., 2., 1., 1.])?;
    let message = [0, 1, 0, 2, 0, 3, 1, 0]; // every symbol as often as p says
    for code in [PrefixCode::huffman(&p), PrefixCode::shannon(&p)] {
        assert_eq!(code.lengths(), [Some(1), Some(2), Some(3), Some(3)]);
        assert_eq!(code.encode(&message)?.len() as f64 / 8.0, p.entropy().bits());
        assert_eq!(code.kraft_sum(), 1.0);
    }
    // With the uniform code each costs 2 bits: KL(p‖uniform) = 1/4 bit too many.
    let uniform = Pmf::uniform(4)?;
    let code = PrefixCode::huffman(&uniform);
    assert_eq!(code.encode(&message)?.len() as f64 / 8.0, (p.entropy() + p.kl_divergence(&uniform)?).bits());
    assert_eq!(p.kl_divergence(&uniform)?.bits(), 0.25);
    Ok(())
}

#[test]
fn side_information_saves_the_mutual_information() -> Result<()> {
    // The table of L16, and a message of 32 pairs that occur exactly as often as it says.
    let counts = [4., 2., 1., 1., 2., 4., 1., 1., 2., 2., 2., 2., 8., 0., 0., 0.];
    let p = Pmf::from_counts([4, 4], counts)?;
    let pairs: Vec<Vec<usize>> =
        p.cells().flat_map(|(cell, mass)| std::iter::repeat_n(cell, (32.0 * mass) as usize)).collect();
    let (x, y): (Vec<usize>, Vec<usize>) = pairs.iter().map(|pair| (pair[0], pair[1])).unzip();
    let alone = PrefixCode::huffman(&p.marginal(&[0])?).encode(&x)?.len();

    // Both sides know y: a code for every value of it.
    let codes: Vec<PrefixCode> =
        (0..4).map(|y| Ok(PrefixCode::huffman(&p.condition(&[(1, y)])?))).collect::<Result<_>>()?;
    let mut bits = Vec::new();
    for (&x, &y) in x.iter().zip(&y) {
        bits.extend(codes[y].encode(&[x])?);
    }
    let mut received = bits.iter().copied();
    for (&x, &y) in x.iter().zip(&y) {
        assert_eq!(codes[y].read(&mut received)?, [x]);
    }
    assert_eq!(received.next(), None);
    assert_eq!((alone, bits.len()), (64, 52));
    assert_eq!((alone - bits.len()) as f64 / 32.0, p.mutual_information(&[0], &[1])?.bits());

    // The other way round one value of x leaves y no freedom: its word is empty, and the saving is the same.
    let alone = PrefixCode::huffman(&p.marginal(&[1])?).encode(&y)?.len();
    let codes: Vec<PrefixCode> =
        (0..4).map(|x| Ok(PrefixCode::shannon(&p.condition(&[(0, x)])?))).collect::<Result<_>>()?;
    let told: usize = x.iter().zip(&y).map(|(&x, &y)| Ok(codes[x].encode(&[y])?.len())).sum::<Result<_>>()?;
    assert_eq!((alone, told), (56, 44));
    Ok(())
}

#[test]
fn longer_blocks_approach_the_entropy() -> Result<()> {
    let p = Pmf::bernoulli(0.1)?;
    let h = p.entropy().bits();
    let mut rates = Vec::new();
    for n in 1..=12 {
        let block = p.extension(n)?;
        let rate = PrefixCode::huffman(&block).expected_length(&block)? / n as f64;
        assert!(h - ROUNDING <= rate && rate <= h + 1.0 / n as f64);
        rates.push(rate);
    }
    // 1; 1.29/2; 1.598/3: worked out by hand.
    for (rate, by_hand) in rates.iter().zip([1.0, 0.645, 1.598 / 3.0]) {
        assert!((rate - by_hand).abs() < 1e-12, "{rate}");
    }
    assert!(rates[11] < h + 0.01, "{rates:?}");
    // A code for blocks takes the message value by value.
    let code = PrefixCode::huffman(&p.extension(3)?);
    let message = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    let bits = code.encode(&message)?;
    assert_eq!(bits.len(), 1 + 3 + 1 + 1);
    assert_eq!(code.decode(&bits, 12)?, message);
    Ok(())
}

#[test]
fn what_never_happens_has_no_word() -> Result<()> {
    let q = Pmf::new([3], [0.5, 0.5, 0.0])?;
    for code in [PrefixCode::huffman(&q), PrefixCode::shannon(&q)] {
        assert_eq!(code.lengths(), [Some(1), Some(1), None]);
        assert!(matches!(code.encode(&[0, 2]), Err(Error::NoCodeWord { symbol }) if symbol == [2]));
        assert_eq!(code.expected_length(&Pmf::uniform(3)?)?, f64::INFINITY);
        assert_eq!(code.expected_length(&q)?, 1.0);
    }
    // What always happens has the empty word.
    let sure = PrefixCode::huffman(&Pmf::new([3], [0.0, 1.0, 0.0])?);
    assert_eq!(sure.encode(&[1, 1, 1])?, Vec::<bool>::new());
    assert_eq!(sure.decode(&[], 3)?, [1, 1, 1]);
    Ok(())
}

#[test]
fn rounded_tables_still_have_a_code() -> Result<()> {
    let tiny = f64::from_bits(1);
    let below = 0.25 - f64::EPSILON / 8.0; // the next number; its log2 rounds to −2
    for (p, lengths) in [
        (vec![1.0, 1e-17], &[1, 57][..]),     // ⌈−log2 p⌉ = 0 would leave no room for the second
        (vec![0.5, 0.5, 1e-17], &[2, 1, 57]), // nor 1 and 1 for the third
        (vec![1.0, tiny], &[1, 1074]),
        (vec![below, 0.25, 0.5], &[3, 2, 1]), // ⌈−log2 p⌉ as defined, though 2 would fit
        (vec![below, 0.25, 0.5, tiny], &[3, 2, 1, 1074]),
    ] {
        let p = Pmf::new([p.len()], p)?;
        let code = PrefixCode::shannon(&p);
        assert!(code.lengths().into_iter().eq(lengths.iter().map(|&l| Some(l))), "{:?}", code.lengths());
        let message: Vec<usize> = (0..p.values().len()).rev().collect();
        assert_eq!(code.decode(&code.encode(&message)?, message.len())?, message);
    }
    Ok(())
}

#[test]
fn foreign_bits_are_errors() -> Result<()> {
    let code = PrefixCode::shannon(&Pmf::new([3], [0.3, 0.3, 0.4])?); // 00, 01, 10: no word begins with 11
    assert_eq!(code.to_string(), "[0] 00\n[1] 01\n[2] 10\n");
    assert!(matches!(code.decode(&[true, true], 1), Err(Error::NotACodeWord { bits }) if bits == "11"));
    assert!(matches!(code.decode(&[false, true, true], 2), Err(Error::BitsRanOut { after }) if after == "1"));
    assert!(matches!(code.decode(&[false, true, true], 1), Err(Error::BitsLeft { bits: 1 })));
    assert!(matches!(code.encode(&[3]), Err(Error::NoSuchCell { .. })));
    assert!(matches!(code.expected_length(&Pmf::uniform(2)?), Err(Error::ShapeMismatch { .. })));
    let pairs = PrefixCode::huffman(&Pmf::uniform(2)?.extension(2)?);
    assert!(matches!(pairs.encode(&[0, 1, 1]), Err(Error::PartialBlock { values: 3, block: 2 })));
    assert!(matches!(pairs.decode(&[true, true], 1), Err(Error::PartialBlock { values: 1, block: 2 })));
    Ok(())
}
