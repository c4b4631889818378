/** Words of one scale: two of them never describe the same picture, however near their embeddings are. */
const LINES = `
day night dawn dusk noon midnight sunset morning evening
spring summer autumn winter
open closed shut ajar
young old middle-aged
man woman
boy girl
male female
king queen
prince princess
bride groom
mother father
son daughter
brother sister
actor actress
husband wife
happy sad angry
smiling crying frowning
sunny rainy cloudy foggy snowy stormy
new old rusty antique
modern rustic vintage traditional futuristic
tidy messy cluttered
large small huge medium
burning lit unlit extinguished
sleeping asleep awake
standing sitting lying kneeling
indoor outdoor
thin fat slim obese
clean dirty
low high
long short
tall short
wide narrow
wet dry
bearded clean-shaven
finished unfinished
broken intact
light dark
bright dark dim
poor rich
full empty
hot cold warm cool frozen
hard soft
rough smooth
fast slow
heavy light
sharp blurred blurry
front back rear
near far
upper lower
inner outer
first last
leafy leafless bare
natural artificial
real fake
alive dead
loud quiet
busy empty deserted crowded
simple complex ornate
symmetrical asymmetrical
left right
top bottom
up down
on off
entering leaving
raw cooked
`

export const SCALES: readonly ReadonlySet<string>[] = LINES.trim()
  .split('\n')
  .map((line) => new Set(line.split(' ')))

export const SCALE_WORDS: ReadonlySet<string> = new Set(SCALES.flatMap((scale) => [...scale]))
