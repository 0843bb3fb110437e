//! Sixty-four bytes of numbers at once, by the widest instructions that the processor has. Whichever these are, the operations are
//! the same ones in the same order, each product and sum in one rounding.

use super::number::Number;

/// L numbers of a type at once.
pub(super) trait Lanes<T, const L: usize>: Copy {
    type Many: Copy;

    fn all(self, number: T) -> Self::Many;

    fn load(self, from: &[T; L]) -> Self::Many;

    fn store(self, many: Self::Many, to: &mut [T; L]);

    /// a · b + plus.
    fn times(self, a: Self::Many, b: Self::Many, plus: Self::Many) -> Self::Many;

    fn add(self, a: Self::Many, b: Self::Many) -> Self::Many;

    /// The upper half is added to the lower one until one number is left.
    fn sum(self, many: Self::Many) -> T;
}

/// What is computed by them. `run` and all that it calls is `#[inline(always)]`: only what lies within the function of the
/// processor's instructions is made of them.
pub(super) trait Kernel<T, const L: usize> {
    type Output;

    fn run(self, lanes: impl Lanes<T, L>) -> Self::Output;
}

/// A number of which L make 64 bytes.
pub(super) trait Laned<const L: usize>: Number {
    fn fastest<K: Kernel<Self, L>>(kernel: K) -> K::Output;
}

/// Whether the processor takes a product and a sum in one rounding. One that does not would have to make it of others.
pub(crate) fn fuses() -> bool {
    #[cfg(target_arch = "x86_64")]
    return x86::avx2();
    #[cfg(not(target_arch = "x86_64"))]
    return cfg!(target_arch = "aarch64");
}

/// Of any processor, left to the compiler.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl<T: Number, const L: usize> Lanes<T, L> for Portable {
    type Many = [T; L];

    #[inline(always)]
    fn all(self, number: T) -> [T; L] {
        [number; L]
    }

    #[inline(always)]
    fn load(self, from: &[T; L]) -> [T; L] {
        *from
    }

    #[inline(always)]
    fn store(self, many: [T; L], to: &mut [T; L]) {
        *to = many;
    }

    #[inline(always)]
    fn times(self, a: [T; L], b: [T; L], mut plus: [T; L]) -> [T; L] {
        for ((plus, a), b) in plus.iter_mut().zip(a).zip(b) {
            *plus = a.times(b, *plus);
        }
        plus
    }

    #[inline(always)]
    fn add(self, mut a: [T; L], b: [T; L]) -> [T; L] {
        for (a, b) in a.iter_mut().zip(b) {
            *a += b;
        }
        a
    }

    #[inline(always)]
    fn sum(self, mut many: [T; L]) -> T {
        let mut half = L / 2;
        while half > 0 {
            let (low, high) = many.split_at_mut(half);
            for (low, high) in low.iter_mut().zip(high) {
                *low += *high;
            }
            half /= 2;
        }
        many[0]
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::mem::transmute;

    use super::{Kernel, Lanes, Portable};

    pub fn avx2() -> bool {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
    }

    pub fn avx512() -> bool {
        avx2() && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl")
    }

    /// Made in [`by_avx2`] alone, whose caller has looked whether the processor has these instructions.
    #[derive(Clone, Copy)]
    pub struct Avx2(());

    /// Made in [`by_avx512`] alone, likewise.
    #[derive(Clone, Copy)]
    pub struct Avx512(());

    #[target_feature(enable = "avx2,fma")]
    pub fn by_avx2<T, const L: usize, K: Kernel<T, L>>(kernel: K) -> K::Output
    where
        Avx2: Lanes<T, L>,
    {
        kernel.run(Avx2(()))
    }

    #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
    pub fn by_avx512<T, const L: usize, K: Kernel<T, L>>(kernel: K) -> K::Output
    where
        Avx512: Lanes<T, L>,
    {
        kernel.run(Avx512(()))
    }

    macro_rules! avx2 {
        ($t:ident, $lanes:literal, $many:ident, $all:ident, $times:ident, $add:ident, |$both:ident| $sum:expr) => {
            impl Lanes<$t, $lanes> for Avx2 {
                type Many = [$many; 2];

                #[inline(always)]
                fn all(self, number: $t) -> Self::Many {
                    // SAFETY: an Avx2 is a processor that has the instruction.
                    unsafe { [$all(number); 2] }
                }

                #[inline(always)]
                fn load(self, from: &[$t; $lanes]) -> Self::Many {
                    // SAFETY: as many numbers of the same type, all of whose bits are numbers.
                    unsafe { transmute(*from) }
                }

                #[inline(always)]
                fn store(self, many: Self::Many, to: &mut [$t; $lanes]) {
                    // SAFETY: as many numbers of the same type, all of whose bits are numbers.
                    *to = unsafe { transmute::<Self::Many, [$t; $lanes]>(many) };
                }

                #[inline(always)]
                fn times(self, a: Self::Many, b: Self::Many, plus: Self::Many) -> Self::Many {
                    // SAFETY: an Avx2 is a processor that has the instruction.
                    unsafe { [$times(a[0], b[0], plus[0]), $times(a[1], b[1], plus[1])] }
                }

                #[inline(always)]
                fn add(self, a: Self::Many, b: Self::Many) -> Self::Many {
                    // SAFETY: an Avx2 is a processor that has the instruction.
                    unsafe { [$add(a[0], b[0]), $add(a[1], b[1])] }
                }

                #[inline(always)]
                fn sum(self, many: Self::Many) -> $t {
                    // SAFETY: an Avx2 is a processor that has the instructions.
                    unsafe {
                        let $both = $add(many[0], many[1]);
                        $sum
                    }
                }
            }
        };
    }

    avx2!(f32, 16, __m256, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_add_ps, |many| {
        let four = _mm_add_ps(_mm256_castps256_ps128(many), _mm256_extractf128_ps::<1>(many));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
    });
    avx2!(f64, 8, __m256d, _mm256_set1_pd, _mm256_fmadd_pd, _mm256_add_pd, |many| {
        let two = _mm_add_pd(_mm256_castpd256_pd128(many), _mm256_extractf128_pd::<1>(many));
        _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
    });

    macro_rules! avx512 {
        ($t:ident, $lanes:literal, $many:ident, $all:ident, $times:ident, $add:ident) => {
            impl Lanes<$t, $lanes> for Avx512 {
                type Many = $many;

                #[inline(always)]
                fn all(self, number: $t) -> Self::Many {
                    // SAFETY: an Avx512 is a processor that has the instruction.
                    unsafe { $all(number) }
                }

                #[inline(always)]
                fn load(self, from: &[$t; $lanes]) -> Self::Many {
                    // SAFETY: as many numbers of the same type, all of whose bits are numbers.
                    unsafe { transmute(*from) }
                }

                #[inline(always)]
                fn store(self, many: Self::Many, to: &mut [$t; $lanes]) {
                    // SAFETY: as many numbers of the same type, all of whose bits are numbers.
                    *to = unsafe { transmute::<Self::Many, [$t; $lanes]>(many) };
                }

                #[inline(always)]
                fn times(self, a: Self::Many, b: Self::Many, plus: Self::Many) -> Self::Many {
                    // SAFETY: an Avx512 is a processor that has the instruction.
                    unsafe { $times(a, b, plus) }
                }

                #[inline(always)]
                fn add(self, a: Self::Many, b: Self::Many) -> Self::Many {
                    // SAFETY: an Avx512 is a processor that has the instruction.
                    unsafe { $add(a, b) }
                }

                #[inline(always)]
                fn sum(self, many: Self::Many) -> $t {
                    let mut numbers = [0.0; $lanes];
                    self.store(many, &mut numbers);
                    Portable.sum(numbers)
                }
            }
        };
    }

    avx512!(f32, 16, __m512, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_add_ps);
    avx512!(f64, 8, __m512d, _mm512_set1_pd, _mm512_fmadd_pd, _mm512_add_pd);
}

macro_rules! laned {
    ($t:ident, $lanes:literal) => {
        impl Laned<$lanes> for $t {
            fn fastest<K: Kernel<Self, $lanes>>(kernel: K) -> K::Output {
                #[cfg(target_arch = "x86_64")]
                {
                    if x86::avx512() {
                        // SAFETY: the processor has these instructions.
                        return unsafe { x86::by_avx512(kernel) };
                    }
                    if x86::avx2() {
                        // SAFETY: the processor has these instructions.
                        return unsafe { x86::by_avx2(kernel) };
                    }
                }
                kernel.run(Portable)
            }
        }
    };
}

laned!(f32, 16);
laned!(f64, 8);
