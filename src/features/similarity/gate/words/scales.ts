/** Words of one scale, those of one place on it joined by commas. Words of two places never describe the same picture, however near their embeddings are. */
const LINES = `
day night,midnight dawn,morning dusk,sunset,evening,golden-hour noon,midday
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
he she
barefoot shoe
his her
background foreground
front-view rear-view side-view
low-angle high-angle
close-up wide-angle
husband wife
happy,joyful,delighted sad angry
smiling,laughing crying frowning
sunny rainy,stormy cloudy foggy snowy
new old,rusty,antique
modern rustic,vintage,traditional futuristic
tidy messy,cluttered
large,huge,giant,enormous small,tiny medium
burning,lit unlit,extinguished
sleeping,asleep awake
standing sitting lying kneeling
indoor outdoor
thin,slim fat,obese,thick
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
bright dark,dim
poor rich
full empty
hot,warm cold,cool,frozen
hard soft
rough smooth
fast slow
heavy light
sharp blurred,blurry
front back,rear
near far
upper lower
inner outer
first last
leafy leafless,bare
natural artificial
real fake
alive dead
loud quiet
busy,crowded empty,deserted
simple complex,ornate
symmetrical asymmetrical
left right
top bottom
up down
on off
entering leaving
raw cooked
`

const PLACED: readonly (readonly (readonly string[])[])[] = LINES.trim()
  .split('\n')
  .map((line) => line.split(' ').map((place) => place.split(',')))

export const SCALES: readonly ReadonlySet<string>[] = PLACED.map((places) => new Set(places.flat()))

export const SCALE_WORDS: ReadonlySet<string> = new Set(SCALES.flatMap((scale) => [...scale]))

/** Whether two words are in two places of one scale. */
export const areOpposites = (a: string, b: string): boolean =>
  PLACED.some((places) => {
    const [ofA, ofB] = [a, b].map((word) => places.find((place) => place.includes(word)))
    return ofA !== undefined && ofB !== undefined && ofA !== ofB
  })
