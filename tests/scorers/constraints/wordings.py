"""More wordings, many in the middle of longer requests: what is asked, and what only looks so."""

from laserdb.scorers.constraints import Bounds
from laserdb.scorers.constraints import model as m

AT_LEAST, AT_MOST = (lambda n: Bounds(n)), (lambda n: Bounds(None, n))
EXACTLY, ABOUT = Bounds.exactly, Bounds.about


def length(unit, limits, divider=None):
    return m.Length(unit, limits, divider)


def one_of(*options, cased=True):
    return m.OneOf(options, cased)


WORDINGS = [
    ("Write a 1800 word research paper on trams.", {length("words", ABOUT(1800))}),
    ("Word limit: 120 words. Describe the plot of a heist film.", {length("words", AT_MOST(120))}),
    ("Write a two hundred word summary of how paper is recycled.", {length("words", ABOUT(200))}),
    ("Explain what an API is. Minimum word count: 200.", {length("words", AT_LEAST(200))}),
    (
        "Talk me through it, with the whole talk being no shorter than 450 words.",
        {length("words", AT_LEAST(450))},
    ),
    ("Write about frogs. About 150 words would be perfect.", {length("words", ABOUT(150))}),
    ("Rewrite my email in not more than 75 words: Send me the file now.", {length("words", AT_MOST(75))}),
    ("could you outline it in about 50words?", {length("words", ABOUT(50))}),
    ("In one sentence, what is the main argument for a land tax?", {length("sentences", EXACTLY(1))}),
    ("Make a one-sentence summary of the paper.", {length("sentences", EXACTLY(1))}),
    (
        'Explain recursion in a sentence. Use the letter "r" no more than 8 times.',
        {length("sentences", EXACTLY(1)), m.LetterFrequency("r", AT_MOST(8))},
    ),
    (
        "Describe blue in a single paragraph of fewer than 80 words.",
        {length("paragraphs", EXACTLY(1)), length("words", AT_MOST(79))},
    ),
    (
        "A poem that has at least 4 stanzas separated by the markdown divider ***, please.",
        {length("paragraphs", AT_LEAST(4), "***")},
    ),
    (
        "Write about composting in four paragraphs, each separated with two new lines. The second paragraph "
        "should start with the word worms.",
        {m.ParagraphStart(2, "worms", EXACTLY(4))},
    ),
    (
        "Please don't put any commas in it, and write at least 9 sentences.",
        {m.Without(","), length("sentences", AT_LEAST(9))},
    ),
    (
        "Write a pitch with no exclamation points and with at least 2 question marks.",
        {m.Without("!"), m.LetterFrequency("?", AT_LEAST(2))},
    ),
    ("Use no commas, wrap the whole response in double quotation marks.", {m.Without(","), m.Quoted()}),
    ("Include the keywords [anvil], [ember] in your response.", {m.Keywords(("anvil", "ember"))}),
    ("Describe a chair. Words to include: oak, dovetail.", {m.Keywords(("oak", "dovetail"))}),
    (
        'Wrap the entire output in JSON format and include the keyword "glacier".',
        {m.Json(), m.Keywords(("glacier",))},
    ),
    (
        "Write a refund letter. The following words are forbidden: angry, sue.",
        {m.Forbidden(("angry", "sue"))},
    ),
    ("Describe a lamp. Words to avoid: bright, sleek.", {m.Forbidden(("bright", "sleek"))}),
    ("I don't want the words 'adventure' or 'foodie' in it.", {m.Forbidden(("adventure", "foodie"))}),
    ("Write a riddle, but the words wax and flame must not be in it.", {m.Forbidden(("wax", "flame"))}),
    (
        'Include the words yarn and needle, avoid the word wool, and finish with "See you Thursday!".',
        {m.Keywords(("yarn", "needle")), m.Forbidden(("wool",)), m.End("See you Thursday!")},
    ),
    (
        "Write a rhyme in uppercase letters only, with at least 3 mentions of the word slime.",
        {m.Case("upper"), m.Frequency("slime", AT_LEAST(3))},
    ),
    ("Write a bio with the word chess in it at least two times.", {m.Frequency("chess", AT_LEAST(2))}),
    ("Write an ad where fewer than 10 words are in all capital letters.", {m.CapitalWords(AT_MOST(9))}),
    ("No more than 4 words in the message should be in all capital letters.", {m.CapitalWords(AT_MOST(4))}),
    ("Use all capital letters for at least 4 words to show excitement.", {m.CapitalWords(AT_LEAST(4))}),
    ("Capitalise at least 8 words fully (like THIS) for emphasis.", {m.CapitalWords(AT_LEAST(8))}),
    ("Respond entirely in capital letters, no lowercase letters are allowed.", {m.Case("upper")}),
    (
        "It must: be in English with all capital letters, contain at least 2 bullet points.",
        {m.Case("upper", "en"), m.Bullets(AT_LEAST(2))},
    ),
    (
        "Italicise a minimum of two phrases in your reply with markdown (*like so*).",
        {m.Highlights(AT_LEAST(2))},
    ),
    ("Please rephrase that list without using bullet points.", {m.Bullets(AT_MOST(0))}),
    (
        'Write a play with 3 acts. Mark the beginning of each act with "Act X".',
        {m.Sections(AT_LEAST(3), "Act")},
    ),
    ("Describe a Labrador as a JSON object.", {m.Json()}),
    ("I'd like a product description for a kettle in Japanese.", {m.Language("ja")}),
    ("Tone: sarcastic. Language: Italian. Topic: Mondays.", {m.Language("it")}),
    ("Translate the sentence into Finnish, using only Finnish, no other language.", {m.Language("fi")}),
    (
        "Reply with exactly one of: positive, negative, neutral.",
        {one_of("positive", "negative", "neutral", cased=False)},
    ),
    (
        'You can only answer with one of the following options: "My answer is yes." "My answer is no."',
        {one_of("My answer is yes.", "My answer is no.")},
    ),
    (
        'Your answer must contain one of these exact phrases: “My answer is yes.", "My answer is no."',
        {one_of("My answer is yes.", "My answer is no.")},
    ),
    ('At the end, add a post script beginning with "P.S."', {m.Postscript("P.S.")}),
]

ONLY_LIKE = [
    "No interest was capitalized for any period presented.",
    "Business only provides capital for 80% of the demand.",
    "Which keys are on a standard keyboard?\nA. scroll lock\nB. caps lock",
    "Question:\nIn what way might one use the term 'thick space'?",
    "Mark edits 1000 sentences each week, and the publisher pays him 5 cents per sentence.",
    'Avoid overusing phrases like "according to research".',
    'Return your answer with the keys "name" and "age".',
    "The word limit of my essay is 400 words; how strict are examiners?",
    "How do I write a good postscript in a letter?",
    'Write a story about a boy who must write the word "sorry" 100 times on the blackboard.',
    "Use 'sample.txt' as the input file of the Python program.",
    "Rewrite the code using the 'await' keyword inside an asynchronous function.",
    "Question: What people use the name Hellas?",
    "Print the top 3 most common words.",
    "Generated sentences must be short and have fewer than 10 words.",
    "You're given a statement and three sentences as choices.",
    "My nephew wrote a story with 300 words and no commas. What grade is he in?",
    "Should I answer my boss in one sentence or write a long email?",
    "My dad uses the word 'basically' at least ten times a day. Is that a tic?",
    'Explain the plot of the film that ends with the line "Never again."',
    "Use markdown to highlight at least one section in each verse.",
]
