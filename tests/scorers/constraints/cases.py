"""Instructions in many human wordings, with the constraints that they express; written for these tests."""

from laserdb.scorers.constraints import Bounds
from laserdb.scorers.constraints.model import (
    Bullets,
    CapitalWords,
    Case,
    End,
    Forbidden,
    Frequency,
    Highlights,
    Json,
    Keywords,
    Language,
    Length,
    LetterFrequency,
    OneOf,
    ParagraphStart,
    Placeholders,
    Postscript,
    Quoted,
    RepeatPrompt,
    Sections,
    Separated,
    Start,
    Title,
    Without,
)


def words(low=None, high=None):
    return Length("words", Bounds(low, high))


def sentences(low=None, high=None):
    return Length("sentences", Bounds(low, high))


def paragraphs(low=None, high=None, divider=None):
    return Length("paragraphs", Bounds(low, high), divider)


EXPRESSED = [
    # length in words
    ("Write an essay on frogs with at least 300 words.", {words(300)}),
    ("Tell me about Rome in less than 50 words.", {words(None, 49)}),
    ("Describe a tram ride. Use no more than 120 words.", {words(None, 120)}),
    ("Explain tides. Your answer must not exceed 200 words.", {words(None, 200)}),
    ("Write a 300+ word post about kites.", {words(300)}),
    ("Explain rain in 400 or more words.", {words(400)}),
    ("Explain rain in two hundred words or fewer.", {words(None, 200)}),
    ("Write about bees, between 40 and 60 words.", {words(40, 60)}),
    ("Summarize the plot of Hamlet in 100-150 words.", {words(100, 150)}),
    ("Write around 200 words on chess.", {words(180, 220)}),
    ("Write a 500-word essay on chess.", {words(450, 550)}),
    ("Compose an ode of exactly 77 words.", {words(77, 77)}),
    ("The response should be over 250 words.", {words(251)}),
    ("Make sure that your reply contains 1,000 words at minimum.", {words(1000)}),
    ("Write a story about a fox (maximum 150 words).", {words(None, 150)}),
    ("Keep your entire answer under one hundred and fifty words.", {words(None, 149)}),
    ("Limit your response to 80 words.", {words(None, 80)}),
    ("The total number of words in your response should be at least 600.", {words(600)}),
    ("Please don't use more than 30 words.", {words(None, 30)}),
    ("Your story should not be less than 350 words.", {words(350)}),
    ("Answer in one word: is the sky blue?", {words(1, 1)}),
    # sentences
    ("Explain gravity in at least 5 sentences.", {sentences(5)}),
    ("Give me a summary that has fewer than 7 sentences.", {sentences(None, 6)}),
    ("Explain gravity in exactly three sentences.", {sentences(3, 3)}),
    ("Answer with a maximum of four sentences.", {sentences(None, 4)}),
    ("The number of sentences in your reply must be less than 12.", {sentences(None, 11)}),
    ("Describe Paris in 2-3 sentences.", {sentences(2, 3)}),
    # paragraphs
    (
        "Write about jazz. There should be 4 paragraphs. Paragraphs are separated with the markdown "
        "divider: ***",
        {paragraphs(4, 4, "***")},
    ),
    ("Write exactly five paragraphs and separate them with ***.", {paragraphs(5, 5, "***")}),
    ("Write a three-paragraph essay on owls.", {paragraphs(3, 3)}),
    ("Use at least 2 paragraphs.", {paragraphs(2)}),
    (
        "Write two limericks about cheese and separate the two limericks with three asterisks ***.",
        {paragraphs(2, 2, "***")},
    ),
    (
        "There should be 3 paragraphs. Paragraphs and only paragraphs are separated with each other "
        "by two new lines"
        " as if it was '\\n\\n' in python. Paragraph 2 must start with word moreover.",
        {ParagraphStart(2, "moreover", Bounds(3, 3))},
    ),
    (
        "Write four paragraphs about tea, separated by two line breaks. The third paragraph should "
        "begin with the word"
        ' "Leaves".',
        {ParagraphStart(3, "Leaves", Bounds(4, 4))},
    ),
    # letter case
    ("Your entire response should be in English, and in all capital letters.", {Case("upper", "en")}),
    (
        "Write a haiku. Your entire response should be in English, and in all lowercase letters. No "
        "capital letters are allowed.",
        {Case("lower", "en")},
    ),
    ("Tell me a joke in all lowercase.", {Case("lower")}),
    ("Tell me a joke. Please use only lowercase letters.", {Case("lower")}),
    ("Tell me a joke without using any capital letters.", {Case("lower")}),
    ("Capital letters are not allowed in your reply.", {Case("lower")}),
    ("Answer in ALL CAPS. Who wrote Dune?", {Case("upper")}),
    ("Write the whole reply in uppercase.", {Case("upper")}),
    ("Make sure your reply is in English and all capital letters.", {Case("upper", "en")}),
    (
        "In your response, words with all capital letters should appear at least 5 times.",
        {CapitalWords(Bounds(5))},
    ),
    ("Use less than 10 words in all caps.", {CapitalWords(Bounds(None, 9))}),
    ("Words in all capital letters should appear less than four times.", {CapitalWords(Bounds(None, 3))}),
    ("Include at least 3 all-caps words.", {CapitalWords(Bounds(3))}),
    ("Make sure that at least 10 words are capitalized.", {CapitalWords(Bounds(10))}),
    # punctuation
    ("In your entire response, refrain from the use of any commas.", {Without(",")}),
    ("Write a recipe without any commas.", {Without(",")}),
    ("Do not use commas in your answer.", {Without(",")}),
    ("No commas, please. What is rust?", {Without(",")}),
    ("You are not allowed to use any commas in your response.", {Without(",")}),
    ("Commas are forbidden.", {Without(",")}),
    ("Your reply must not contain exclamation marks.", {Without("!")}),
    ("Wrap your entire response with double quotation marks.", {Quoted()}),
    ("Put your whole answer in double quotes.", {Quoted()}),
    ("The entire response must be wrapped in double quotation marks.", {Quoted()}),
    # keywords
    ("Write a poem. Include keywords ['river', 'stone'] in the response.", {Keywords(("river", "stone"))}),
    ('Write a poem that includes the words "river" and "stone".', {Keywords(("river", "stone"))}),
    (
        "Write a poem. Make sure to include the keywords: river, stone and moss.",
        {Keywords(("river", "stone", "moss"))},
    ),
    ("Write a letter that mentions the word 'harvest'.", {Keywords(("harvest",))}),
    ('The words "sleep" and "dog" must appear in your story.', {Keywords(("sleep", "dog"))}),
    ("Use the keyword lantern in your story.", {Keywords(("lantern",))}),
    ("Do not include keywords ['rain', 'sun'] in the response.", {Forbidden(("rain", "sun"))}),
    ('Write about summer without using the word "hot".', {Forbidden(("hot",))}),
    ("Write a funny post about hammocks, without using the word sleep.", {Forbidden(("sleep",))}),
    ("Avoid the words 'cheap' and 'bargain'.", {Forbidden(("cheap", "bargain"))}),
    ('The word "nice" should not appear in your response.', {Forbidden(("nice",))}),
    ("Don't mention the words grief or loss.", {Forbidden(("grief", "loss"))}),
    # frequency
    ("In your response, the word forest should appear at least 3 times.", {Frequency("forest", Bounds(3))}),
    ('Mention "solar" at least twice.', {Frequency("solar", Bounds(2))}),
    ("Include the word 'echo' less than 4 times.", {Frequency("echo", Bounds(None, 3))}),
    ("Use the word “blue” exactly five times.", {Frequency("blue", Bounds(5, 5))}),
    ("Use the keyword tide no more than 2 times.", {Frequency("tide", Bounds(None, 2))}),
    ("Don't use the word very more than once.", {Frequency("very", Bounds(None, 1))}),
    ("In your response, the letter j should appear at least 20 times.", {LetterFrequency("j", Bounds(20))}),
    (
        "Write a riddle where the letter 'q' appears less than 3 times.",
        {LetterFrequency("q", Bounds(None, 2))},
    ),
    ("Make sure to use the letter n at most 25 times.", {LetterFrequency("n", Bounds(None, 25))}),
    ("The letter t should be used no fewer than ten times.", {LetterFrequency("t", Bounds(10))}),
    ("Add at least 4 hashtags.", {LetterFrequency("#", Bounds(4))}),
    # start and end
    (
        'Finish your response with this exact phrase "Any other questions?". No other words should '
        "follow this phrase.",
        {End("Any other questions?")},
    ),
    (
        "Finish your response with this exact phrase Is there more to say? No other words should follow "
        "this phrase.",
        {End("Is there more to say?")},
    ),
    ('Your letter should end with the phrase "Yours in haste".', {End("Yours in haste")}),
    ("The very last sentence of your response should be 'That is all.'", {End("That is all.")}),
    ('Start your reply with "I would say".', {Start("I would say")}),
    # placeholders, postscript
    (
        "The response must contain at least 3 placeholders represented by square brackets, such as "
        "[address].",
        {Placeholders(Bounds(3))},
    ),
    (
        "Write a cover letter template with at least five placeholders in square brackets like [name].",
        {Placeholders(Bounds(5))},
    ),
    (
        "At the end of your response, please explicitly add a postscript starting with P.S.",
        {Postscript("P.S.")},
    ),
    ("Add a postscript that begins with P.P.S at the end.", {Postscript("P.P.S")}),
    # format
    (
        "Your answer must contain exactly 3 bullet points. Use the markdown bullet points such as:\n* "
        "This is point 1.\n* This is point 2",
        {Bullets(Bounds(3, 3))},
    ),
    ("Make a bulleted list with exactly 4 items.", {Bullets(Bounds(4, 4))}),
    ("Answer in two bullet points.", {Bullets(Bounds(2, 2))}),
    (
        "Highlight at least 3 sections in your answer with markdown, i.e. *highlighted section*.",
        {Highlights(Bounds(3))},
    ),
    ("Highlight at least two key phrases with markdown, such as *this*.", {Highlights(Bounds(2))}),
    ("Please have at least 5 highlighted sections, like *highlighted text part*.", {Highlights(Bounds(5))}),
    (
        "Your response must have 4 sections. Mark the beginning of each section with SECTION X, such "
        "as:\nSECTION 1\n[content of section 1]\nSECTION 2",
        {Sections(Bounds(4), "SECTION")},
    ),
    (
        "Write a guide with 3 sections. Each section begins with Section 1, Section 2 and so on: "
        '"Section X".',
        {Sections(Bounds(3), "Section")},
    ),
    (
        "Your answer must contain a title, wrapped in double angular brackets, such as <<poem of joy>>.",
        {Title()},
    ),
    ("Give it a title in double angular brackets, i.e. <<title>>.", {Title()}),
    ("Entire output should be wrapped in JSON format. You can use markdown ticks such as ```.", {Json()}),
    ("Give the whole answer as valid JSON.", {Json()}),
    ("Please provide the list of capitals in JSON format.", {Json()}),
    # combination, choice, repetition, language
    (
        "Give two different responses. Responses and only responses should be separated by 6 asterisk "
        "symbols: ******.",
        {Separated(2, "******")},
    ),
    ("Offer 3 versions of the joke, with ****** between them.", {Separated(3, "******")}),
    (
        "Is Pluto a planet? Answer with one of the following options: 'My answer is yes.', 'My answer "
        "is no.', 'My answer is maybe.'",
        {OneOf(("My answer is yes.", "My answer is no.", "My answer is maybe."))},
    ),
    ('Is it wise? Choose from: ("Yes, very.", "Not at all.")', {OneOf(("Yes, very.", "Not at all."))}),
    (
        "Write a poem on rain. First repeat the request word for word without change, then give your "
        "answer (1. do not say any words or"
        " characters before repeating the request; 2. the request you need to repeat does not include "
        "this sentence)",
        {RepeatPrompt("Write a poem on rain.")},
    ),
    (
        "Before you answer, repeat the sentence below exactly as it is, word for word. Do not change a "
        "word.\n\nWhy is grass green?",
        {RepeatPrompt("Why is grass green?")},
    ),
    ("Your ENTIRE response should be in Hindi language, no other language is allowed.", {Language("hi")}),
    ("Please answer only in Swahili. What is dew?", {Language("sw")}),
    ("Write a short story in Finnish.", {Language("fi")}),
    ("Respond using only the Korean language.", {Language("ko")}),
    # several
    (
        "Write a blog post with 400 or more words about hammocks, without using the word sleep. No "
        "commas. Title it in double angular brackets.",
        {words(400), Forbidden(("sleep",)), Without(","), Title()},
    ),
    (
        'Write an ad for socks with at least 2 bullet points and less than 60 words. End it with "Buy now!".',
        {Bullets(Bounds(2)), words(None, 59), End("Buy now!")},
    ),
    (
        "Write a speech of 3 paragraphs, separated by ***. Mention 'unity' at least 3 times. Highlight "
        "at least one phrase with *asterisks*.",
        {paragraphs(3, 3, "***"), Frequency("unity", Bounds(3)), Highlights(Bounds(1))},
    ),
]

NOT_EXPRESSED = [
    "Half of the books are written in English. All others are written in Spanish. How many are Spanish?",
    "Write a story about 300 Spartans.",
    "Write a function that returns at most 5 items.",
    "Write a Python function that counts the sentences with more than 5 words.",
    "Write a script that converts all words to lowercase.",
    "Write a function that removes all commas from a string.",
    "Write a program that parses JSON and prints the keys.",
    "What does the word ephemeral mean?",
    "Give me a list of words that rhyme with time.",
    "What is the capital of Peru?",
    "Which countries have no capital gains tax?",
    "Janet walked to school twice and back once. How many trips did she make?",
    "How many words are in the first paragraph of Moby Dick?",
    "My essay has over 500 words. Is that too long?",
    'Is the sentence "Use at least 300 words and no commas." an instruction?',
    "Summarize this:\n\nText: " + "The court held that the appeal must be lodged in at least 300 words. " * 6,
    "How do you say good morning in Japanese?",
    "What is the difference between Spanish and Portuguese?",
    "Who teaches in Korean schools?",
    "Choose a topic and tell me about it.",
    "List 5 tips, each of at most 8 words.",
    "Each paragraph should have at least 3 sentences.",
    "Write an email to the team. We start on Monday and end on Friday.",
    "Explain the third section of the act.",
    "Put the following items in order: pen, book, cup.",
    "I have read the book twice. What should I read next?",
    "Name two words for snow.",
    "Write a regular expression that matches words with all capital letters.",
    "Describe the placeholder text lorem ipsum.",
    'Who said "I think, therefore I am"?',
    "Explain why the answer in the passage is correct.",
    "What is a comma splice?",
    "Edit the note: I saw him at least 3 times at the shop.",
    "Tell me about the letter J and its origin.",
    "Translate to French: the word is mightier than the sword.",
]
